"""The list of responses that everyone may read, so that a page of it costs the same however many
there are; and when its file must be made again.

Anything that decides on, redacts, changes, withdraws or erases a response calls this in its
transaction.
"""

from django.db.models import F

from responses.file_removals import remove_file
from responses.models import PublishedResponse, PublishedSet, Response


def put_on_list(response: Response) -> None:
    """Let everyone read `response`, once its consultation's responses are published."""
    PublishedResponse.objects.get_or_create(
        response=response, defaults={"consultation_id": response.consultation_id}
    )
    make_file_again(response)


def take_off_list(response: Response) -> None:
    """Let nobody read any version of `response`, from now on or in files made before."""
    gone, _ = PublishedResponse.objects.filter(response__reference=response.reference).delete()
    if gone:
        keep_file_back(response)


def make_file_again(response: Response) -> None:
    """Have the consultation's public file made again; the present one may still be served."""
    PublishedSet.objects.filter(consultation=response.consultation_id).update(
        revision=F("revision") + 1
    )


def keep_file_back(response: Response) -> None:
    """Have the consultation's public file made again, and stop serving the present one."""
    PublishedSet.objects.filter(consultation=response.consultation_id).update(
        revision=F("revision") + 1, serve_from=F("revision") + 1
    )


def forget_figures(response: Response) -> None:
    """Have the figures made again before they are shown: their reasons may say what is kept back
    from now on.
    """
    PublishedSet.objects.filter(consultation=response.consultation_id).update(gaps=None)


def forget_public(response: Response) -> None:
    """Take an erased response off the list, and delete the file and the figures that may reveal it:
    the figures include reasons for holding responses back.

    A worker makes both again.
    """
    take_off_list(response)
    sets = PublishedSet.objects.filter(consultation=response.consultation_id)
    # A worker making the file at this moment finds a newer revision, and keeps nothing.
    sets.update(revision=F("revision") + 1, gaps=None)
    for found in sets.exclude(file="").filter(written_revision__lt=F("serve_from")):
        sets.update(file="")
        remove_file(storage="default", name=found.file)
