"""An email that was forwarded stands in the file of the email that it came in, too."""

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from responses.file_removals import remove_file
from responses.models import Message
from responses.reviewing.inbound.parts import without_forwarded
from responses.reviewing.mailboxes import described, original_of


def cut_from_forwards(message: Message) -> None:
    """Take a message out of the files of those that it was forwarded within, and of those that
    they were forwarded within. What else these say stays. A file that is gone holds nothing.
    """
    inner, outer = message, message.within
    while outer is not None:
        _cut(outer, inner.sha256)
        inner, outer = outer, outer.within


def _cut(outer: Message, identity: str) -> None:
    try:
        left = without_forwarded(original_of(outer), identity)
    except FileNotFoundError:
        return
    name = default_storage.save(f"messages/{outer.sha256}.eml", ContentFile(left))
    Message.objects.filter(pk=outer.pk).update(file=name, **described(left))
    remove_file(storage="default", name=outer.file)
