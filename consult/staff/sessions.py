"""Where someone is signed in, and signing them out there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare, salted_hmac

from consult.auditing import record
from consult.models import Action, User

# In this order: each also includes the names of those after it.
BROWSERS = ["Edg", "OPR", "Firefox", "Chrome", "Safari"]
SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"]
KNOWN_AS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Mac OS": "a Mac",
    "iPhone": "an iPhone",
    "iPad": "an iPad",
}


class NoSuchSession(Exception):
    """It has ended already, or it is another person's."""


@dataclass(frozen=True)
class SignedIn:
    """One session. `name` stands for its key, which opens it and is on no page."""

    name: str
    browser: str
    began_at: datetime
    seen_at: datetime
    current: bool


def browser_in_words(user_agent: str) -> str:
    """Return for example “Firefox on Windows”, for people to recognise; it is not believed."""
    browser = next((name for name in BROWSERS if f"{name}/" in user_agent), "")
    system = next((name for name in SYSTEMS if name in user_agent), "")
    known = [KNOWN_AS.get(name, name) for name in (browser, system) if name]
    return " on ".join(known) or "A browser"


def sessions_of(user: User, *, current: str | None = None) -> list[SignedIn]:
    """Return where `user` is signed in, the latest use first. `current` is the key of this page's
    own session.
    """
    found = [
        SignedIn(
            name=_name(session),
            browser=held.get("browser", "A browser"),
            began_at=datetime.fromtimestamp(held.get("began_at", 0), UTC),
            seen_at=datetime.fromtimestamp(held.get("seen_at", 0), UTC),
            current=session.session_key == current,
        )
        for session, held in _open(user)
    ]
    return sorted(found, key=lambda one: (one.current, one.seen_at), reverse=True)


def end_session(*, user: User, name: str, actor: User) -> None:
    """Sign `user` out where the session `name` is. Raises NoSuchSession."""
    with transaction.atomic():
        for session, _held in _open(user):
            if constant_time_compare(_name(session), name) and session.delete()[0]:
                record(action=Action.SESSIONS_ENDED, actor=actor, subject=user.get_username())
                return
    raise NoSuchSession


def end_sessions(*, user: User, actor: User, but: str | None = None) -> int:
    """Sign `user` out everywhere, except in the session with the key `but`. Returns how many."""
    with transaction.atomic():
        ended = sum(
            session.delete()[0] for session, _held in _open(user) if session.session_key != but
        )
        if ended:
            record(
                action=Action.SESSIONS_ENDED, actor=actor, subject=user.get_username(), ended=ended
            )
    return ended


def _open(user: User) -> Iterator[tuple[Session, dict[str, Any]]]:
    # Only staff have sessions, for at most a working day: few enough to look into each.
    for session in Session.objects.filter(expire_date__gt=Now()):
        held = session.get_decoded()
        # A new password or phone ends sessions with an older hash.
        if held.get(SESSION_KEY) == str(user.pk) and constant_time_compare(
            held.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
        ):
            yield session, held


def _name(session: Session) -> str:
    return salted_hmac("consult.staff.sessions", session.session_key).hexdigest()[:24]
