"""Headers on every response, including those from middleware."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# No page needs any of these, and an injected script cannot use them.
REFUSED = [
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "microphone",
    "midi",
    "payment",
    "usb",
]
# Django's own middleware sets these too, but not on its own refusals, such as a wrong host.
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# What our pages can load, and from where: the Content-Security-Policy.
POLICY = {
    "default-src": ["'none'"],
    "object-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
}
PERMISSIONS = ", ".join(f"{name}=()" for name in REFUSED)


def security_headers(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Deny browser features to our pages, and our files to other sites' pages."""

    def answer(request: HttpRequest) -> HttpResponse:
        page = get_response(request)
        page.headers.setdefault("Permissions-Policy", PERMISSIONS)
        for name, value in ALWAYS.items():
            page.headers.setdefault(name, value)
        return page

    return answer
