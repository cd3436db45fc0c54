"""A message that Outlook saved as .msg, turned back into the email that it was.

Pure.
"""

import struct
from email.message import Message as Mail
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import HeaderParser
from email.utils import format_datetime

import oxmsg
from oxmsg.attachment import Attachment

BEGINNING = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PLAIN_HTML = 0x1013
RICH_TEXT = 0x1009
DISPLAY_NAME = 0x3001
# What the library raises for a file that was cut off or is not a message: Word 97 files begin the
# same way.
TROUBLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
)


class NotReadable(ValueError):
    """It begins like an Outlook message, but cannot be read here."""


def as_mail(content: bytes) -> Mail:
    """Return the message as an email. Raises NotReadable."""
    try:
        message = oxmsg.Message.load(content)
        if not message.message_class:
            raise NotReadable
        return _put_together(message)
    except TROUBLE as reason:
        raise NotReadable from reason


def _put_together(message: oxmsg.Message) -> Mail:
    mail = MIMEMultipart("mixed")
    said = HeaderParser().parsestr("")
    for name, value in message.message_headers.items():
        if not name.lower().startswith(("content-", "mime-version")):
            said[name] = value
    said_at = message.sent_date
    for name, kept in {
        "From": message.sender,
        "Subject": message.subject,
        "Date": format_datetime(said_at) if said_at else "",
    }.items():
        if kept and name not in said:
            said[name] = kept
    for name, value in said.raw_items():
        mail.set_raw(name, value)
    mail.attach(_words(message))
    for attachment in message.attachments:
        mail.attach(_file(attachment))
    return mail


def _words(message: oxmsg.Message) -> Mail:
    """Return the versions in which the words are kept."""
    ways = MIMEMultipart("alternative")
    if message.body:
        ways.attach(MIMEText(message.body, "plain", "utf-8"))
    if markup := message.properties.binary_prop_value(PLAIN_HTML):
        part = MIMEBase("text", "html", charset=message.properties.body_encoding)
        part.set_payload(markup)
        ways.attach(part)
    elif message.html_body:
        ways.attach(MIMEText(message.html_body, "html", "utf-8"))
    if rich := message.properties.binary_prop_value(RICH_TEXT):
        part = MIMEBase("application", "x-compressed-rtf")
        part.set_payload(rich)
        ways.attach(part)
    return ways


def _file(attachment: Attachment) -> Mail:
    maintype, _, subtype = (attachment.mime_type or "").partition("/")
    part = MIMEBase(maintype or "application", subtype or "octet-stream")
    part.set_payload(attachment.file_bytes or b"")
    name = attachment.file_name or attachment.properties.str_prop_value(DISPLAY_NAME) or "file"
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
    return part
