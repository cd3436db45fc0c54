"""The privacy notice of a consultation, and the cookies page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from consult.clock import day_in_words
from consult.models import Consultation
from consult.views.pages import page_context
from consult.web.languages import COOKIE_SECONDS as LANGUAGE_SECONDS
from consult.web.languages import cookie_name
from consult.web.rate_limits import FORGET_AFTER
from responses.periods import clocks
from responses.responding.drafting import expire_at
from responses.responding.views.session import COOKIE_SECONDS

DAY = 24 * 3600


def days(seconds: float) -> str:
    """Return so many whole days, in words."""
    count = int(seconds // DAY)
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}


def kept_for(consultation: Consultation) -> list[tuple[str, str]]:
    """List each kind of personal information and how long it is kept: the periods of
    `responses.periods`, in words for respondents.
    """
    days_of = {clock.name: clock.until(consultation) for clock in clocks()}
    until = {
        name: _("Until %(day)s.") % {"day": day_in_words(at)}
        for name, at in days_of.items()
        if at is not None
    }
    unsent = _("Until you send them. We delete any you have not sent on %(day)s.") % {
        "day": day_in_words(expire_at(consultation))
    }
    code = _("We keep only a scrambled code, for %(days)s.") % {
        "days": days(FORGET_AFTER.total_seconds())
    }
    passed_on = _("If it has not reached %(owner)s by then, it is kept until it has.") % {
        "owner": consultation.owner
    }
    return [
        (_("Answers that you have not sent"), unsent),
        (_("What tells your browser that your answers were sent"), until["sent"]),
        (_("Your response"), f"{until['answers']} {passed_on}"),
        (_("Your name, your email address and your postcode"), f"{until['contacts']} {passed_on}"),
        (_("Your equality answers"), f"{until['equality']} {passed_on}"),
        (_("Your letter or email, if you wrote one"), until["letters"]),
        (
            _("A record of what staff did and read, without your answers or your name"),
            _("As long as the service keeps its records."),
        ),
        (_("The network address of your computer or phone"), code),
    ]


def cookies_set() -> list[dict[str, str]]:
    """List every cookie that this site sets: its name or how its name starts, its purpose, and how
    long it lasts.

    A test compares the list with the cookies that a browser really gets.
    """
    long = days(COOKIE_SECONDS)
    return [
        {
            "name": f"{settings.COOKIE_PREFIX}draft-",
            "more": _("and a number"),
            "purpose": _("Finds your answers again on this device."),
            "lasts": long,
        },
        {
            "name": f"{settings.COOKIE_PREFIX}opened-",
            "more": _("and a number"),
            "purpose": _(
                "Shows that you began before the consultation closed, so that you can still finish "
                "just after."
            ),
            "lasts": long,
        },
        {
            "name": f"{settings.COOKIE_PREFIX}sent-",
            "more": _("and a number"),
            "purpose": _("Tells you on this device that you sent your response."),
            "lasts": _("Until you close your browser"),
        },
        {
            "name": f"{settings.COOKIE_PREFIX}receipts-",
            "more": _("and a number"),
            "purpose": _("Shows that a receipt is yours, so that this device can open it."),
            "lasts": long,
        },
        {
            "name": cookie_name(),
            "more": "",
            "purpose": _("Keeps the language that you chose."),
            "lasts": days(LANGUAGE_SECONDS),
        },
        {
            "name": settings.CSRF_COOKIE_NAME,
            "more": "",
            "purpose": _("Makes sure that a form was sent by you, and not by another site."),
            "lasts": days(settings.CSRF_COOKIE_AGE),
        },
        {
            "name": settings.SESSION_COOKIE_NAME,
            "more": "",
            "purpose": _("Keeps staff signed in. You do not get it unless you work here."),
            "lasts": ngettext(
                "%(count)s hour", "%(count)s hours", settings.SESSION_COOKIE_AGE // 3600
            )
            % {"count": settings.SESSION_COOKIE_AGE // 3600},
        },
    ]


@require_safe
def privacy(request: HttpRequest, consultation: str) -> HttpResponse:
    """Explain what happens to what people tell us about themselves in one consultation."""
    context: dict[str, Any] = page_context(consultation)
    about_publishing = context["plan"].by_slug.get("publication")
    more = {
        "kept": kept_for(context["consultation"]),
        "about_publishing": about_publishing,
    }
    return render(request, "responding/privacy.html", context | more)


@require_safe
def cookies(request: HttpRequest) -> HttpResponse:
    """List every cookie of this site."""
    return render(request, "responding/cookies.html", {"cookies": cookies_set()})
