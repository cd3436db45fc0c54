"""What the public would read of a response: as its sender chose, without what is redacted."""

import hashlib
import re
from dataclasses import dataclass

from consult.cells import json_line
from consult.plans.document import ABOUT_YOU
from consult.plans.editions import plan_of
from responses.models import Redaction, Response
from responses.reviewing.redacting import SENDER, in_force, texts_to_redact
from responses.wording import WordedPart, in_words

# The respondent's own choice, as the plan asks for it. A response without a choice is not
# published: silence is not consent.
PUBLICATION, NAMED, ANONYMOUS = "publication", "named", "anonymous"
MAY_BE_PUBLISHED = [NAMED, ANONYMOUS]
UNNAMED = "Someone who did not want to be named"


@dataclass(frozen=True)
class PublicVersion:
    """What the public would read: from whom, and what they said about the plan.

    Nothing about who they are except a name that they agreed to.
    """

    who: str
    parts: list[WordedPart]


def wants(response: Response) -> str:
    """What the sender chose: "named", "anonymous", or anything else for not publishing."""
    return str(response.choices.get(PUBLICATION, ""))


def public_text(text: str, redactions: list[Redaction]) -> str:
    """Return `text` with each redacted passage replaced by the reason why it is missing.

    Overlapping passages count as one.
    """
    out, at = [], 0
    for one in sorted(redactions, key=lambda one: (one.start, one.end)):
        if at <= one.start < len(text):
            out.append(f"{text[at : one.start]}[redacted: {one.get_reason_display()}]")
        at = max(at, one.end)
    return "".join([*out, text[at:]])


def public_version(response: Response) -> PublicVersion:
    """Return what the public would read of a response, whether or not it is approved.

    Anything about its sender stays out, except the name that they agreed to, which is redacted like
    any other words.
    """
    rows = in_force(response)
    texts = {
        key: public_text(text, [one for one in rows if one.text == key])
        for key, text in texts_to_redact(response).items()
    }
    parts = [
        part
        for part in in_words(plan_of(response.edition), response.choices | texts)
        if part.answered and part.part.kind != ABOUT_YOU
    ]
    return PublicVersion(_who(response, texts) or UNNAMED, parts)


def _who(response: Response, texts: dict[str, str]) -> str:
    if wants(response) != NAMED:
        return ""
    return texts.get("organisation-name", "") or texts.get(SENDER, "")


def public_words(words: str, response: Response) -> str:
    """Return what staff wrote about a response, for everyone to read: without what is redacted in
    it, and without its sender's name and address unless everyone may read the name.
    """
    texts = texts_to_redact(response)
    who = _who(response, texts)
    contact = response.contact
    kept_back = {
        texts.get(one.text, "")[one.start : one.end]: one.get_reason_display()
        for one in in_force(response)
    }
    for detail in (contact.name, contact.email, contact.corrected_email):
        if detail != who:
            kept_back.setdefault(detail, Redaction.Reason.PERSONAL.label)
    for passage in sorted(kept_back, key=len, reverse=True):
        if spelt := r"\s+".join(map(re.escape, passage.split())):
            instead = f"[redacted: {kept_back[passage]}]".replace("\\", r"\\")
            words = re.sub(rf"(?<!\w){spelt}(?!\w)", instead, words, flags=re.IGNORECASE)
    return words


def public_line(response: Response) -> str:
    """Return the same as a line of JSON."""
    public = public_version(response)
    answers = [
        {
            "part": part.part.title,
            "question": answer.question.text,
            "answer": list(answer.lines),
        }
        for part in public.parts
        for answer in part.answers
        if answer.lines
    ]
    return json_line({"reference": response.reference, "from": public.who, "answers": answers})


def public_digest(response: Response) -> str:
    """Return a digest of everything that a page showed as public, so that a decision is about
    exactly that.
    """
    return hashlib.sha256(public_line(response).encode()).hexdigest()
