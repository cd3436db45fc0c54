"""Pages that explain what went wrong, each with a way back and, where possible, what was typed."""

import logging
import sys

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consult.jobs import ROW_TROUBLE
from consult.views.typed import fields_to_send_again, plan_shown, slug_of, typed_in_words

log = logging.getLogger(__name__)

# What broke a page can break its error page too.
PAGE_TROUBLE = (*ROW_TROUBLE, TemplateDoesNotExist, TemplateSyntaxError)
# A page that depends on nothing: no template, no style sheet, no database.
PLAIN = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{heading}</title>'
    '<meta name="viewport" content="width=device-width">'
    '<main><h1>{heading}</h1>{words}<p><a href="/">Go to the start page</a></p></main></html>'
)


class ConsultationWithdrawn(Http404):
    """It was taken off the site. Its arguments are its title, and why, if that was said."""


def say(request: HttpRequest, *, status: int, heading: str, lines: list[str]) -> HttpResponse:
    """Return a page with a message and a way back."""
    context = {
        "heading": heading,
        "lines": lines,
        "link": "/",
        "link_words": _("Go to the start page"),
    }
    return render(request, "message.html", context, status=status)


def offer_again(
    request: HttpRequest, *, status: int, heading: str, lines: list[str]
) -> HttpResponse:
    """Return a page that says why nothing was saved, with what was typed and a button to send it
    again.

    It does not query the database.
    """
    context = {
        "fields": fields_to_send_again(request),
        "typed": typed_in_words(request),
        "sent": request.method == "POST",
        "address": request.get_full_path(),
        "slug": slug_of(request) if plan_shown(request) else "",
        "heading": heading,
        "lines": lines,
    }
    page = render(request, "try_again.html", context, status=status)
    page["Cache-Control"] = "no-store"
    return page


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Explain that we cannot tell this form from one that another site sent: its cookie is
    missing or old, or nothing says which page it came from.
    """
    if reason.startswith(("Origin", "Referer")):
        heading = _("Your browser hid which page this form came from")
        lines = [
            _(
                "We need to see that a form comes from this website, to protect you from other "
                "sites. A privacy setting, an add-on or your network may remove that."
            ),
            _("Try again in another browser or on another network, or without the add-on."),
        ]
    elif settings.CSRF_COOKIE_NAME not in request.COOKIES:
        heading = _("Your browser is not keeping our cookie")
        lines = [
            _(
                "This form needs one cookie, which only shows that the form comes from you. "
                "Private windows, some apps and some add-ons block cookies."
            ),
            _(
                "Allow cookies for this site, or open it in another browser. If you see this page "
                "a second time, cookies are still blocked."
            ),
        ]
    else:
        heading = _("This page needs to be sent again")
        lines = [
            _(
                "We could not check that this page came from your browser. It may have been open "
                "for a long time."
            )
        ]
    if "/respond/" in request.path:
        lines.append(_("What you typed is below. You can send it again, or copy it."))
        return offer_again(request, status=403, heading=heading, lines=lines)
    lines.append(_("Go back, load that page again and send it."))
    return say(request, status=403, heading=heading, lines=lines)


def too_often(request: HttpRequest, *, seconds: int) -> HttpResponse:
    """Explain that too many requests came from this address, so this one has to wait."""
    minutes = max(seconds // 60, 1)
    wait = ngettext(
        "What you typed is safe. Wait %(minutes)s minute, then select “Send again”.",
        "What you typed is safe. Wait up to %(minutes)s minutes, then select “Send again”.",
        minutes,
    )
    lines = [
        _("A lot of people on your network are using this service."),
        wait % {"minutes": minutes},
        _("We count your response once, however often you send it."),
    ]
    page = offer_again(request, status=429, heading=_("Please wait a little"), lines=lines)
    page["Retry-After"] = str(seconds)
    return page


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Explain that the request makes no sense, or is too large."""
    if isinstance(exception, RequestDataTooBig) and request.path.endswith("/respond/files/"):
        lines = [
            _("The file is larger than this service can take. It was not attached."),
            _("Your answers are saved. Go back, and choose a smaller file."),
        ]
        return say(request, status=413, heading=_("The file is too large"), lines=lines)
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        lines = [
            _("What you sent is larger than this service can take. It was not saved."),
            _(
                "Go back in your browser: what you typed should still be there. Copy it somewhere "
                "safe, and send a shorter answer."
            ),
            _("Pages that you saved before are still there."),
        ]
        return say(request, status=413, heading=_("This is too long to send"), lines=lines)
    lines = [
        _(
            "Your browser sent something that we cannot read. Nothing on that page was saved. "
            "Pages that you saved before are still there."
        ),
        _("Go back, and send it again in plain text."),
    ]
    return say(request, status=400, heading=_("There is a problem with this page"), lines=lines)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Signed in, but without the right."""
    log.warning(
        "Account %s was refused %s.",
        request.user.pk,
        request.resolver_match.view_name if request.resolver_match else "a page",
    )
    return say(
        request,
        status=403,
        heading=_("You cannot see this page"),
        lines=[
            _("Your account does not have the right to it. An administrator can give it to you.")
        ],
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing is at this address, or not any more."""
    if isinstance(exception, ConsultationWithdrawn):
        lines = [*filter(None, exception.args), _("You can no longer send a response.")]
        heading = _("This consultation has been withdrawn")
        return say(request, status=410, heading=heading, lines=lines)
    lines = [
        _(
            "If you typed the address, check that it is right. If you pasted it, check that you "
            "copied all of it."
        ),
        _("Answers that you saved on this device are still there."),
    ]
    return say(request, status=404, heading=_("Page not found"), lines=lines)


def server_error(request: HttpRequest) -> HttpResponse:
    """Our fault, or the database is down for the moment."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return away(request)
    lines = [
        _("Something went wrong on our side. Pages that you finished with Continue are saved."),
        _(
            "Wait a minute, go back, and try again. If you were sending your response, sending it "
            "again is safe: it is counted once."
        ),
    ]
    heading = _("Sorry, there is a problem")
    try:
        return say(request, status=500, heading=heading, lines=lines)
    except PAGE_TROUBLE:
        log.exception("The error's own page failed.")
        words = "".join(f"<p>{escape(line)}</p>" for line in lines)
        return HttpResponse(PLAIN.format(heading=escape(heading), words=words), status=500)


def away(request: HttpRequest) -> HttpResponse:
    """The database does not answer."""
    if request.method == "POST":
        lines = [
            _("We could not save this page just now. What you typed on it is still here."),
            _(
                "Wait half a minute, then select the button. Sending your response again is safe: "
                "it is counted once."
            ),
        ]
    else:
        lines = [
            _("This service cannot reach its records just now. Nothing that was saved is lost."),
            _("Wait half a minute, then load this page again."),
        ]
    page = offer_again(
        request, status=503, heading=_("Sorry, please try again in a moment"), lines=lines
    )
    page["Retry-After"] = "30"
    return page
