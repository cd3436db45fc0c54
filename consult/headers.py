"""Headers on every answer that Django and its packages have no setting for."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Nothing here needs any of them, and no script that ever got in shall have them.
REFUSED = ["accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "midi", "payment", "usb"]
PERMISSIONS = ", ".join(f"{name}=()" for name in REFUSED)


def security_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse the browser's powers to this site's pages, and our files to other sites' pages."""

    def answer(request: HttpRequest) -> HttpResponse:
        page = get_response(request)
        page.headers.setdefault("Permissions-Policy", PERMISSIONS)
        page.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return page

    return answer
