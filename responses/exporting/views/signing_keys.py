"""The page with the public keys that check batches."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consult.clock import in_words
from responses.models import SigningKey


@require_safe
def signing_keys(request: HttpRequest) -> HttpResponse:
    """List every public key that batches were signed with, newest first."""
    keys = [
        {"public_key": key.public_key, "since": in_words(key.published_at)}
        for key in SigningKey.objects.all()
    ]
    return render(request, "exporting/signing_keys.html", {"keys": keys})
