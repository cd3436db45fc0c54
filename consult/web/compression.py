"""Compressed pages, for people with an old phone and a bad signal."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressPages(GZipMiddleware):
    """Compresses only pages: files are compressed already, or resumed by byte ranges.

    Django adds random bytes and masks the CSRF token differently on each page, so lengths tell an
    eavesdropper nothing (breachattack.com); requests from other sites' pages carry no cookies.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not isinstance(response, HttpResponse) or not response.headers.get(
            "Content-Type", ""
        ).startswith("text/html"):
            return response
        compressed: HttpResponseBase = super().process_response(request, response)
        return compressed
