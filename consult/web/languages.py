"""Which language a page speaks: the one that someone chose, in a cookie, or English.

Not what a browser prefers: a shared address would then say one thing to one person and another to
the next, and caches would have to hold both.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import escape_leading_slashes

COOKIE_SECONDS = 200 * 24 * 3600
# Staff read English, also while they look at what the public sees in another language.
IN_ENGLISH = ("/admin/", "/staff/", "/health/", "/static/")


def cookie_name() -> str:
    return f"{settings.COOKIE_PREFIX}language"


def speak_the_language(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Speak the language of the cookie, for this request alone; `?language=` sets it.

    The address without that comes next, so that a link can be shared in any language and nobody
    passes on their own choice.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(IN_ENGLISH):
            with translation.override(settings.LANGUAGE_CODE):
                return get_response(request)
        if request.method == "GET" and request.GET.get("language") in dict(settings.LANGUAGES):
            return _remembered(request, request.GET["language"])
        chosen = request.COOKIES.get(cookie_name(), "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            page = get_response(request)
        page.headers.setdefault("Content-Language", translation.to_locale(language)[:2])
        patch_vary_headers(page, ["Cookie"])
        return page

    return answer


def _remembered(request: HttpRequest, language: str) -> HttpResponse:
    """Lead to the same address, and let the browser keep the language."""
    query = request.GET.copy()
    del query["language"]
    # Two slashes at its beginning would name another host.
    path = escape_leading_slashes(request.path)
    page = redirect(f"{path}?{query.urlencode()}" if query else path)
    page.set_cookie(
        cookie_name(),
        language,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.PRODUCTION,
    )
    page["Cache-Control"] = "no-store"
    return page
