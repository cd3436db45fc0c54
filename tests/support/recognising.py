"""Browsers that may show a receipt whole."""

from django.http import HttpRequest, HttpResponse
from django.test import Client

from responses.models import Response
from responses.recognised import cookie_of
from responses.responding.views.recognised import remember_sender


def sent_from(client: Client, *responses: Response) -> Client:
    """`client`, as the browser from which these responses were sent."""
    for response in responses:
        name, request, page = cookie_of(response.consultation_id), HttpRequest(), HttpResponse()
        if name in client.cookies:
            request.COOKIES[name] = client.cookies[name].value
        remember_sender(page, request, response)
        client.cookies[name] = page.cookies[name].value
    return client
