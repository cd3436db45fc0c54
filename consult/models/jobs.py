"""When each scheduled job last ran."""

from django.db import models
from django.db.models.functions import Now


class JobRun(models.Model):
    """The last run of one scheduled job.

    `ended_at` before `started_at` means that it is running, or was killed.
    """

    name = models.CharField(max_length=60, unique=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0, help_text="How long the last finished run took.")
    succeeded_at = models.DateTimeField(
        null=True, help_text=("When it last finished without an error.")
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RowTrouble(models.Model):
    """That a job met an error with one row and went on with the others. It goes when that row's
    turn ends well.
    """

    job = models.CharField(max_length=60)
    row = models.CharField(max_length=200, help_text="A slug, a reference, or a name of ours.")
    kind = models.CharField(max_length=100, help_text="The error's class; never its message.")
    at = models.DateTimeField(help_text="When it was last met.")

    class Meta:
        ordering = ["job", "row"]
        constraints = [models.UniqueConstraint(fields=["job", "row"], name="one_trouble_a_row")]

    def __str__(self) -> str:
        return f"{self.row}: {self.kind}"


class Heartbeat(models.Model):
    """When a process that has no page last showed that it works."""

    name = models.CharField(
        max_length=300, unique=True, help_text=("Such as celery@host or beat@host.")
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Hint(models.Model):
    """A message to the workers, for installations without Redis. Losing one loses nothing."""

    queue = models.CharField(max_length=300)
    message = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["queue", "id"], name="hints_of_a_queue")]

    def __str__(self) -> str:
        return f"{self.queue} {self.pk}"
