"""Mails as many programs write them: right, careless and broken."""

from base64 import b64encode
from dataclasses import dataclass

PDF = b"%PDF-1.4\n%made\n"
HEAD = (
    b"From: Ann Heron <ann@example.org>\nTo: consultation@example.org\nSubject: Lights\n"
    b"Date: Mon, 23 Nov 2026 10:00:00 +0000\nMessage-ID: <%s@example.org>\n"
)


@dataclass(frozen=True)
class Made:
    """A mail; what a person has to see as its words; and what each listed part holds."""

    raw: bytes
    words: str = ""
    parts: tuple[bytes, ...] = ()


def mail(kind: bytes, body: bytes, encoding: bytes = b"8bit") -> bytes:
    return (
        HEAD % kind[:6].replace(b"/", b"-").replace(b" ", b"")
        + b"MIME-Version: 1.0\nContent-Type: "
        + kind
        + b"\nContent-Transfer-Encoding: "
        + encoding
        + b"\n\n"
        + body
    )


def leaf(kind: bytes, body: bytes, *more: bytes) -> bytes:
    return b"Content-Type: " + kind + b"".join(b"\n" + one for one in more) + b"\n\n" + body + b"\n"


def holder(subtype: bytes, *leaves: bytes, name: bytes = b"b1") -> bytes:
    return (
        b"Content-Type: multipart/"
        + subtype
        + b'; boundary="'
        + name
        + b'"\n\n'
        + b"".join(b"--" + name + b"\n" + one for one in leaves)
        + b"--"
        + name
        + b"--\n"
    )


def several(subtype: bytes, *leaves: bytes) -> bytes:
    return HEAD % subtype + b"MIME-Version: 1.0\n" + holder(subtype, *leaves)


def in_base64(content: bytes) -> bytes:
    return b64encode(content)


PLAIN = b"text/plain; charset=utf-8"
HTML = b"text/html; charset=utf-8"
INLINE = b"Content-Disposition: inline"
BASE64 = b"Content-Transfer-Encoding: base64"
SCAN = leaf(
    b'application/pdf; name="Letter.pdf"',
    in_base64(PDF),
    BASE64,
    INLINE + b'; filename="Letter.pdf"',
)
PICTURE = leaf(b"image/png", in_base64(b"\x89PNG"), BASE64, b"Content-ID: <p1>", INLINE)
WORD = leaf(
    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    in_base64(b"PK\x03\x04"),
    BASE64,
    b"Content-Disposition: attachment; filename*=utf-8''R%C3%A9ponse.docx",
)
NOTES = leaf(PLAIN, b"Notes in a file.", b'Content-Disposition: attachment; filename="notes.txt"')
FORWARDED = leaf(b"message/rfc822", HEAD % b"inner" + b"\nForwarded words.\n")
LIGHTS = "I do not agree – the lamps aren’t lit."
FLOWED = b"The path beside the canal is dark \nand it is not safe.\n"

CORPUS: dict[str, Made] = {
    "plain": Made(mail(PLAIN, LIGHTS.encode()), LIGHTS),
    "no headers of MIME": Made(HEAD % b"bare" + b"\nPlain words.\n", "Plain words."),
    "line ends of Windows": Made(
        mail(PLAIN, LIGHTS.encode()).replace(b"\n", b"\r\n"), LIGHTS
    ),
    "line ends of old Macs": Made(mail(PLAIN, b"One.\rTwo."), "One.\nTwo."),
    "UTF-8 declared as us-ascii": Made(
        mail(b"text/plain; charset=us-ascii", LIGHTS.encode()), LIGHTS
    ),
    "UTF-8 declared as iso-8859-1": Made(
        mail(b"text/plain; charset=iso-8859-1", LIGHTS.encode()), LIGHTS
    ),
    "UTF-8 declared as gb2312": Made(
        mail(b"text/plain; charset=gb2312", "请把路灯修好".encode()), "请把路灯修好"
    ),
    "UTF-8 that names nothing": Made(mail(b"text/plain", LIGHTS.encode()), LIGHTS),
    "windows-1252 declared as iso-8859-1": Made(
        mail(b"text/plain; charset=iso-8859-1", LIGHTS.encode("cp1252")), LIGHTS
    ),
    "windows-1252 declared as UTF-8": Made(
        mail(PLAIN, LIGHTS.encode("cp1252")), LIGHTS
    ),
    "windows-1252 declared as nothing": Made(
        mail(b"text/plain", LIGHTS.encode("cp1252")), LIGHTS
    ),
    "windows-1252 quoting UTF-8": Made(
        mail(b"text/plain", LIGHTS.encode("cp1252") + b"\n> " + LIGHTS.encode()),
        f"{LIGHTS}\n> {LIGHTS}",
    ),
    "an unknown character set": Made(
        mail(b"text/plain; charset=x-unknown", LIGHTS.encode()), LIGHTS
    ),
    "charset=undefined": Made(mail(b"text/plain; charset=undefined", b"Words."), "Words."),
    "a quote that is never closed": Made(mail(b'text/plain; charset="utf-8', b"Words."), "Words."),
    "Japanese of the nineties": Made(
        mail(b"text/plain; charset=ISO-2022-JP", "街灯を直してください".encode("iso-2022-jp")),
        "街灯を直してください",
    ),
    "Japanese that names nothing": Made(
        mail(b"text/plain", "街灯を直してください".encode("iso-2022-jp")), "街灯を直してください"
    ),
    "Korean": Made(
        mail(b"text/plain; charset=ks_c_5601-1987", "가로등을 고쳐 주세요".encode("cp949")),
        "가로등을 고쳐 주세요",
    ),
    "Polish": Made(
        mail(b"text/plain; charset=iso-8859-2", "Popieram oświetlenie".encode("iso-8859-2")),
        "Popieram oświetlenie",
    ),
    "a byte order mark": Made(mail(PLAIN, b"\xef\xbb\xbfWords."), "Words."),
    "wide characters": Made(
        mail(b"text/plain; charset=utf-16", b64encode(LIGHTS.encode("utf-16")), b"base64"), LIGHTS
    ),
    "base64": Made(mail(PLAIN, b64encode(LIGHTS.encode()), b"base64"), LIGHTS),
    "quoted-printable": Made(
        mail(PLAIN, b"I don=E2=80=99t agree, and the line goes =\non.", b"quoted-printable"),
        "I don’t agree, and the line goes on.",
    ),
    "a list's footer after base64": Made(
        mail(PLAIN, b64encode(LIGHTS.encode()) + b"\n-- \nThe list", b"base64"),
        f"{LIGHTS}-- \nThe list",
    ),
    "an encoding nobody knows": Made(mail(PLAIN, b"Words.", b"x-strange"), "Words."),
    "base64 that is none": Made(mail(PLAIN, b"Simply words!!", b"base64"), "Simply words!!"),
    "flowed": Made(
        mail(b"text/plain; charset=utf-8; format=flowed", FLOWED),
        "The path beside the canal is dark and it is not safe.",
    ),
    "flowed without the space": Made(
        mail(b"text/plain; format=flowed; delsp=yes", "街灯を \n直して".encode()), "街灯を直して"
    ),
    "HTML alone": Made(
        mail(
            HTML,
            b"<html><head><style>p{margin:0}</style><title>x</title></head><body><!--[if "
            b"mso]><xml>office</xml><![endif]--><p class=MsoNormal>Dear team,</p><p>I do&nbsp;not "
            b"agree.<br>It costs &pound;5 &amp; more.</p></body></html>",
        ),
        "Dear team,\n\nI do not agree.\nIt costs £5 & more.",
    ),
    "HTML that names its set inside": Made(
        mail(
            b"text/html",
            b'<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2"><p>'
            + "Popieram oświetlenie".encode("iso-8859-2"),
        ),
        "Popieram oświetlenie",
    ),
    "HTML a thousand levels deep": Made(
        mail(HTML, b"<div>" * 1000 + b"The last word." + b"</div>" * 1000), "The last word."
    ),
    "HTML after its end": Made(
        mail(HTML, b"<html><body><p>One.</p></body></html><p>Two.</p>"), "One.\n\nTwo."
    ),
    "two ways to say it": Made(
        several(b"alternative", leaf(PLAIN, b"Words."), leaf(HTML, b"<p>Words.</p>")),
        "Words.",
        (b"<p>Words.</p>",),
    ),
    "an empty plain way": Made(
        several(b"alternative", leaf(PLAIN, b""), leaf(HTML, b"<p>The words.</p>")),
        "The words.",
        (b"",),
    ),
    "a plain way that says to look elsewhere": Made(
        several(
            b"alternative",
            leaf(PLAIN, b"Your program cannot show HTML."),
            leaf(HTML, b"<p>" + b"The lamps by the canal are dark. " * 5 + b"</p>"),
        ),
        " ".join(["The lamps by the canal are dark."] * 5),
        (b"Your program cannot show HTML.",),
    ),
    "text in pieces around a picture": Made(
        several(b"mixed", leaf(PLAIN, b"Before."), PICTURE, leaf(PLAIN, b"After.")),
        "Before.\n\nAfter.",
        (b"\x89PNG",),
    ),
    "HTML with its picture": Made(
        several(b"related", leaf(HTML, b'<p>See <img src="cid:p1" alt="dark"> here.</p>'), PICTURE),
        "See here.",
        (b"\x89PNG",),
    ),
    "an inline PDF that is the letter": Made(several(b"mixed", SCAN), "", (PDF,)),
    "a PDF that is the mail": Made(mail(b"application/pdf", b64encode(PDF), b"base64"), "", (PDF,)),
    "a Word file alone": Made(several(b"mixed", WORD), "", (b"PK\x03\x04",)),
    "words and a Word file": Made(
        several(b"mixed", leaf(PLAIN, b"See the file."), WORD), "See the file.", (b"PK\x03\x04",)
    ),
    "a text file": Made(
        several(b"mixed", leaf(PLAIN, b"See the file."), NOTES),
        "See the file.",
        (b"Notes in a file.",),
    ),
    "two texts, the second HTML": Made(
        several(b"mixed", leaf(PLAIN, b"One."), leaf(HTML, b"<p>Two.")), "One.\n\nTwo."
    ),
    "a calendar's invitation": Made(
        several(b"alternative", leaf(PLAIN, b"Come."), leaf(b"text/calendar", b"BEGIN:VCALENDAR")),
        "Come.",
        (b"BEGIN:VCALENDAR",),
    ),
    "rich text of the nineties": Made(
        mail(b"text/enriched", b"<bold>Words</bold>"), "", (b"<bold>Words</bold>",)
    ),
    "signed": Made(
        several(
            b'signed; protocol="application/pkcs7-signature"',
            leaf(PLAIN, b"Signed words."),
            leaf(b'application/pkcs7-signature; name="smime.p7s"', in_base64(b"sig"), BASE64),
        ),
        "Signed words.",
        (b"sig",),
    ),
    "sealed": Made(
        mail(b'application/pkcs7-mime; name="smime.p7m"', b64encode(b"sealed"), b"base64"),
        "",
        (b"sealed",),
    ),
    "Outlook's wrapping": Made(
        several(b"mixed", leaf(b'application/ms-tnef; name="winmail.dat"', b"eJ8+IgAB", BASE64)),
        "",
        (b'x\x9f>"\x00\x01',),
    ),
    "a forwarded message": Made(
        several(b"mixed", leaf(PLAIN, b"Please count it."), FORWARDED),
        "Please count it.",
        (b"Forwarded words.",),
    ),
    "two forwarded messages and no words": Made(
        several(b"digest", FORWARDED, FORWARDED), "", (b"Forwarded words.", b"Forwarded words.")
    ),
    "a forwarded message in base64": Made(
        several(
            b"mixed",
            leaf(b"message/rfc822", in_base64(HEAD % b"b64" + b"\nForwarded words.\n"), BASE64),
        ),
        "",
        (b"Forwarded words.",),
    ),
    "a notice that it was not delivered": Made(
        several(
            b"report",
            leaf(PLAIN, b"It could not be delivered."),
            leaf(b"message/delivery-status", b"Reporting-MTA: dns; example.org\n"),
            leaf(b"text/rfc822-headers", b"Subject: Lights"),
        ),
        "It could not be delivered.",
        (b"Reporting-MTA: dns; example.org", b"Subject: Lights"),
    ),
    "parts that are nowhere": Made(
        HEAD % b"none" + b"Content-Type: multipart/mixed\n\nWords all the same.\n",
        "Words all the same.",
    ),
    "parts that never begin": Made(
        HEAD % b"miss" + b'Content-Type: multipart/mixed; boundary="zz"\n\nWords all the same.\n',
        "Words all the same.",
    ),
    "words before the parts": Made(
        HEAD % b"pre"
        + b'Content-Type: multipart/mixed; boundary="b"\n\nAll the words.\n--b\n'
        + leaf(b"image/png", b"", BASE64)
        + b"--b--\n",
        "All the words.",
        (b"",),
    ),
    "a part without an end": Made(
        HEAD % b"open" + b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nWords to the end.',
        "Words to the end.",
    ),
    "parts within parts": Made(
        several(
            b"mixed",
            holder(
                b"related",
                holder(
                    b"alternative", leaf(PLAIN, b"Words."), leaf(HTML, b"<b>Words.</b>"), name=b"b3"
                ),
                PICTURE,
                name=b"b2",
            ),
            SCAN,
        ),
        "Words.",
        (b"<b>Words.</b>", b"\x89PNG", PDF),
    ),
    "sixty thousand characters": Made(
        mail(PLAIN, b"The plan should say when. " * 2400 + b"I object."),
        "The plan should say when. " * 2400 + "I object.",
    ),
    "no words at all": Made(mail(PLAIN, b""), ""),
    "NUL and control characters": Made(mail(PLAIN, b"a\x00b\x07c"), "a\u2400b\u2407c"),
    "only a subject": Made(b"Subject: I agree\n\n", ""),
}  # fmt: skip


def in_mbox(raw: bytes, *, quoted: bool = True) -> bytes:
    """A mail as it stands in an mbox file."""
    body = raw.replace(b"\nFrom ", b"\n>From ") if quoted else raw
    return b"From - Mon Nov 23 10:00:00 2026\n" + body.rstrip(b"\n") + b"\n\n"
