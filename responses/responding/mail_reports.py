"""What a mail server or a person's mail program reports about an email of ours. Pure.

A server says that it could not deliver one (RFC 3464), or a mail service that its reader called it
unwanted (RFC 5965). Anything else, such as a note that someone is away, is no report.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from enum import StrEnum

MESSAGE_ID = re.compile(r"<[^<>\s]+@[^<>\s]+>")
# Only of these: "not-spam" and others speak well of it.
UNWANTED = {"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list"}
NO_REASON = "The mail server gave no reason."


class Happened(StrEnum):
    RETURNED = "returned"
    COMPLAINED = "complained"


@dataclass(frozen=True)
class Report:
    """`where` is all text in which the email's return address may stand; `message_ids` are those
    of the email itself.
    """

    happened: Happened
    where: str
    message_ids: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    reason: str = ""


def read_report(raw: bytes) -> Report | None:
    """Return what a message reports, or None if it is no report, or says that there is still hope.

    Whatever `raw` is, nothing is raised.
    """
    message = message_from_bytes(raw)
    parts = list(message.walk())
    where = " ".join(
        str(value)
        for part in parts
        for name, value in part.items()
        if name.lower() in {"to", "delivered-to", "x-original-to", "return-path"}
    )
    for part in parts:
        if part.get_content_type() == "message/feedback-report":
            return _complaint(_fields_of(part), parts, where)
        if part.get_content_type() == "message/delivery-status":
            return _returned(_fields_of(part), parts, where)
    return None


def _complaint(blocks: list[Message], parts: list[Message], where: str) -> Report | None:
    block = blocks[0] if blocks else Message()
    if _value(block, "Feedback-Type").lower() not in UNWANTED:
        return None
    where = f"{where} {_value(block, 'Original-Mail-From')}"
    return Report(
        Happened.COMPLAINED,
        where,
        _ids(parts),
        tuple(_value(block, "Original-Rcpt-To").strip("<> ").split()),
    )


def _returned(blocks: list[Message], parts: list[Message], where: str) -> Report | None:
    failed = [block for block in blocks if _value(block, "Action").lower() == "failed"]
    if not failed:
        return None  # It was delayed, relayed or delivered.
    said = [_after_type(_value(block, "Diagnostic-Code")) for block in failed]
    reason = next(filter(None, said), "") or _value(failed[0], "Status") or NO_REASON
    named = [
        _after_type(_value(block, "Original-Recipient") or _value(block, "Final-Recipient"))
        for block in failed
    ]
    return Report(Happened.RETURNED, where, _ids(parts), tuple(filter(None, named)), reason)


def _fields_of(part: Message) -> list[Message]:
    """Return the blocks of fields of a report's part, however the parser took it."""
    content = part.get_payload()
    if isinstance(content, list):
        return [block for block in content if isinstance(block, Message)]
    text = part.get_payload(decode=True)
    blocks = re.split(rb"\r?\n\r?\n", text) if isinstance(text, bytes) else []
    return [message_from_bytes(block.strip()) for block in blocks if block.strip()]


def _ids(parts: list[Message]) -> tuple[str, ...]:
    """Return the Message-IDs of the emails that the report encloses, whole or in part."""
    return tuple(dict.fromkeys(_found_ids(parts)))


def _found_ids(parts: list[Message]) -> Iterator[str]:
    for part in parts[1:]:
        yield from MESSAGE_ID.findall(_value(part, "Message-ID"))
        if part.get_content_type() in {"text/rfc822-headers", "message/rfc822-headers"}:
            headers = part.get_payload(decode=True)
            if isinstance(headers, bytes):
                yield from MESSAGE_ID.findall(_value(message_from_bytes(headers), "Message-ID"))


def _value(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())


def _after_type(value: str) -> str:
    """Return the value of a field like `rfc822; ann@example.org`."""
    before, semicolon, after = value.partition(";")
    return (after if semicolon else before).strip("<> ")
