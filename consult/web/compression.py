"""Pages go over the wire small: a respondent may have an old phone and a bad signal."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressPages(GZipMiddleware):
    """Compress pages, and nothing else: files are compressed already or are resumed by their bytes.

    Django adds random bytes, and masks the CSRF token anew on each page, so that lengths tell an
    eavesdropper nothing (breachattack.com); cookies do not come with what another site's page asks
    for.
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
