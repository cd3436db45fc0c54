"""What one respondent has in front of them, and how their browser remembers it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from consult.models import Consultation
from consult.views.pages import page_context
from responses.models import Draft, Response
from responses.responding.drafting import find_draft, find_sent
from responses.wording import in_words

COOKIE_SECONDS = 200 * 24 * 3600
BETWEEN_TOKENS = "."
MOST_DRAFTS = 5


@dataclass
class RespondentSession:
    """What one respondent has in front of them: the consultation's page context, their draft if
    any, and since when.
    """

    context: dict[str, Any]
    draft: Draft | None
    # What the answers in hand became, where somebody else who has the link sent them.
    sent: Response | None
    opened_at: datetime
    # The drafts of this browser, the one in hand first. Changing a sent response lies on top of a
    # new one being written.
    tokens: list[str]

    @property
    def consultation(self) -> Consultation:
        found: Consultation = self.context["consultation"]
        return found

    @property
    def started_at(self) -> datetime:
        return self.draft.started_at if self.draft else self.opened_at

    @property
    def answers(self) -> dict[str, Any]:
        return self.draft.answers if self.draft else {}

    @property
    def may_answer(self) -> bool:
        """Whether the consultation takes a response from this person now.

        Sending decides again, by the database's clock.
        """
        phase = self.context["window"].phase
        return phase == Consultation.Phase.OPEN or (
            phase == Consultation.Phase.GRACE and self.started_at < self.consultation.closes_at
        )

    def cookie(self, what: str) -> str:
        return f"{settings.COOKIE_PREFIX}{what}-{self.consultation.pk}"


def open_session(request: HttpRequest, slug: str) -> RespondentSession:
    """Find the consultation and what this browser has of it. Raises Http404."""
    context = page_context(slug)
    session = RespondentSession(context, None, None, context["consultation"].now, [])
    try:
        signed = signing.loads(request.COOKIES.get(session.cookie("opened"), ""), salt="opened")
        # Only ever earlier than now, and signed by us: a clock on the respondent's side has no say.
        session.opened_at = min(datetime.fromisoformat(signed), session.opened_at)
    except (signing.BadSignature, ValueError, TypeError):
        pass
    for token in filter(
        None, request.COOKIES.get(session.cookie("draft"), "").split(BETWEEN_TOKENS)[:MOST_DRAFTS]
    ):
        try:
            draft = find_draft(consultation=session.consultation, token=token)
        except Draft.DoesNotExist:
            if session.draft is None and session.sent is None:
                session.sent = find_sent(consultation=session.consultation, token=token)
            continue
        session.draft = session.draft or draft
        session.tokens.append(token)
    context["amends"] = session.draft.amends if session.draft else None
    return session


def keep_cookie(page: HttpResponse, name: str, value: str) -> None:
    page.set_cookie(
        name,
        value,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.PRODUCTION,
    )


def keep_drafts(page: HttpResponse, session: RespondentSession, tokens: list[str]) -> None:
    """Let the browser remember these drafts, the one in hand first."""
    if tokens:
        keep_cookie(page, session.cookie("draft"), BETWEEN_TOKENS.join(tokens[:MOST_DRAFTS]))
    else:
        page.delete_cookie(session.cookie("draft"), samesite="Lax")


def remember_opening(page: HttpResponse, session: RespondentSession) -> HttpResponse:
    """Let the browser prove later that the form was open before closing."""
    keep_cookie(
        page, session.cookie("opened"), signing.dumps(session.opened_at.isoformat(), salt="opened")
    )
    return page


def said_so_far(session: RespondentSession, typed: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the draft says, and what was `typed` since, in the wording of the questions; and how to
    reach whoever wrote it.
    """
    answers = session.answers | (typed or {})
    labels = (("name", _("Name")), ("email", _("Email")), ("postcode", _("Postcode")))
    contact = [(label, answers.get(name, "")) for name, label in labels]
    return {"worded": in_words(session.context["plan"], answers), "contact": contact}


def text_to_keep(words: str, *, name: str) -> HttpResponse:
    """Plain text to download and keep."""
    # A byte order mark, so that every text editor takes it for UTF-8.
    page = HttpResponse(
        "\ufeff" + words.replace("\n", "\r\n"), content_type="text/plain; charset=utf-8"
    )
    page["Content-Disposition"] = f'attachment; filename="{name}.txt"'
    return page
