"""What one respondent has in hand, and how their browser remembers it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from consult.models import Consultation
from consult.views.errors import ConsultationWithdrawn
from consult.views.pages import page_context
from responses.models import Draft, Response
from responses.responding.draft_tokens import was_emailed
from responses.responding.drafting import find_drafts, find_sent
from responses.wording import in_words

COOKIE_SECONDS = 200 * 24 * 3600
BETWEEN_TOKENS = "."
# As many as fit into a cookie with room to spare; tokens of links are the longest.
MOST_DRAFTS = 20


@dataclass
class RespondentSession:
    """What one respondent has in hand: the consultation's page context, their draft if any, and
    when they started.
    """

    context: dict[str, Any]
    opened_at: datetime
    draft: Draft | None = None
    # What the answers in hand became, if they were sent.
    sent: Response | None = None
    # This browser sent them, and may never have got our reply.
    sent_here: bool = False
    receipt_unseen: bool = False
    # The drafts of this browser, the one in hand first. Changes to a sent response come before a
    # new response.
    tokens: list[str] = field(default_factory=list)

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
    def is_full(self) -> bool:
        """Tell whether this browser has as many drafts as it can remember: one more would hide
        one.
        """
        return len(self.tokens) >= MOST_DRAFTS

    @property
    def may_answer(self) -> bool:
        """Tell whether the consultation takes a response from this person now.

        Sending decides again, by the database's clock.
        """
        phase = self.context["window"].phase
        return self.consultation.withdrawn_at is None and (
            phase == Consultation.Phase.OPEN
            or (phase == Consultation.Phase.GRACE and self.started_at < self.consultation.closes_at)
        )

    @property
    def may_start(self) -> bool:
        """Tell whether someone may start a response now."""
        takes_responses: bool = self.context["window"].takes_responses
        return takes_responses and self.consultation.withdrawn_at is None

    def cookie(self, what: str) -> str:
        return f"{settings.COOKIE_PREFIX}{what}-{self.consultation.pk}"

    def salt(self, what: str) -> str:
        """Return a salt of its own for each consultation, so that a cookie signed for one is
        worthless for another.
        """
        return f"{what} {self.consultation.pk}"


def open_session(request: HttpRequest, slug: str, *, by_link: bool = False) -> RespondentSession:
    """Find the consultation and what this browser has of it.

    Raises Http404, and ConsultationWithdrawn unless the person has written something: they have
    just posted it, it is in a draft, or they came `by_link`.
    """
    context = page_context(slug, even_withdrawn=True)
    session = RespondentSession(context, context["consultation"].now)
    _read_opening(request, session)
    given = request.COOKIES.get(session.cookie("draft"), "").split(BETWEEN_TOKENS)
    # An emailed link may have reached a stranger: it opens nothing until they are recognised, and
    # then the browser has the token of the link that is shared.
    kept = (token for token in given[:MOST_DRAFTS] if token and not was_emailed(token))
    tokens = list(dict.fromkeys(kept))
    found = find_drafts(consultation=session.consultation, tokens=tokens)
    session.tokens = list(found)
    if found:
        session.draft = next(iter(found.values()))
        prefetch_related_objects([session.draft], "kept")
    # The first token is what this browser has in hand; the others were left for later.
    if tokens and tokens[0] not in found:
        session.sent = find_sent(consultation=session.consultation, token=tokens[0])
        session.sent_here = session.receipt_unseen = ":" not in tokens[0]
    elif not tokens and (token := request.COOKIES.get(session.cookie("sent"), "")):
        session.sent, session.sent_here = (
            find_sent(consultation=session.consultation, token=token),
            True,
        )
    if session.consultation.withdrawn_at and not (
        session.draft or by_link or request.method == "POST"
    ):
        raise ConsultationWithdrawn(
            session.consultation.title, session.consultation.withdrawn_reason
        )
    context["amends"] = session.draft.amends if session.draft else None
    return session


def _read_opening(request: HttpRequest, session: RespondentSession) -> None:
    try:
        signed = signing.loads(
            request.COOKIES.get(session.cookie("opened"), ""), salt=session.salt("opened")
        )
        # Never later than now, and signed by us: the respondent's own clock does not count.
        session.opened_at = min(datetime.fromisoformat(signed), session.opened_at)
    except (signing.BadSignature, ValueError, TypeError):
        pass


def keep_cookie(
    page: HttpResponse, name: str, value: str, *, seconds: int | None = COOKIE_SECONDS
) -> None:
    page.set_cookie(
        name,
        value,
        max_age=seconds,
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


def keep_sent(page: HttpResponse, session: RespondentSession) -> None:
    """Let the browser forget what it had in hand, which was sent, and remember until it closes that
    it sent something.

    What it keeps opens nothing. Having started before closing helped this response, and must not
    help the next person at this device.
    """
    keep_drafts(page, session, session.tokens[1:])
    page.delete_cookie(session.cookie("opened"), samesite="Lax")
    keep_cookie(page, session.cookie("sent"), session.tokens[0], seconds=None)


def see_other(address: str) -> HttpResponse:
    """Redirect after a form, so that reloading the page sends nothing again."""
    page = redirect(address)
    page.status_code = 303
    return page


def remember_opening(page: HttpResponse, session: RespondentSession) -> HttpResponse:
    """Let the browser prove later that the form was open before closing."""
    keep_cookie(
        page,
        session.cookie("opened"),
        signing.dumps(session.opened_at.isoformat(), salt=session.salt("opened")),
    )
    return page


def said_so_far(session: RespondentSession, typed: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what the draft says, and what was `typed` since, in the questions' wording, with the
    contact details.
    """
    answers = session.answers | (typed or {})
    labels = (("name", _("Name")), ("email", _("Email")), ("postcode", _("Postcode")))
    contact = [(label, answers.get(name, "")) for name, label in labels]
    return {"worded": in_words(session.context["plan"], answers), "contact": contact}


def text_to_keep(words: str, *, name: str) -> HttpResponse:
    """Return plain text to download and keep."""
    # A byte order mark, so that every text editor reads it as UTF-8.
    page = HttpResponse(
        "\ufeff" + words.replace("\n", "\r\n"), content_type="text/plain; charset=utf-8"
    )
    page["Content-Disposition"] = f'attachment; filename="{name}.txt"'
    return page
