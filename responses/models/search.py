"""What responses are found by: their words, and reviewers' saved filters."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now

from responses.models.response import Response


class SearchText(models.Model):
    """The words of a response's texts as PostgreSQL's full text search keeps them.

    A trigger writes it whenever those are written.

    Apart from the response, so that looking through many for a word reads neither what they said
    nor parses it again.
    """

    response = models.OneToOneField(
        Response, on_delete=models.PROTECT, primary_key=True, related_name="search_text"
    )
    words = SearchVectorField(help_text="As they were typed, without accents and case.")
    stems = SearchVectorField(help_text="Without their English endings.")
    prints = ArrayField(
        models.TextField(),
        null=True,
        help_text="For each text its question and a hash of its words: the same for answers that "
        "say the same, whatever their case, accents and punctuation.",
    )

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="responses_by_words"),
            GinIndex(fields=["stems"], name="responses_by_stems"),
            GinIndex(fields=["prints"], name="responses_by_prints"),
        ]


class SavedFilter(models.Model):
    """A filter of the list, saved under a name by one reviewer.

    `query` is part of its address, and is read again each time.
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=2000, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["by", "name"], name="one_saved_filter_a_name")
        ]

    def __str__(self) -> str:
        return self.name
