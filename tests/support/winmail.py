"""A winmail.dat as Outlook writes it: the format's own attributes, one after another."""

import struct

SIGNATURE = 0x223E9F78
MESSAGE, ATTACHMENT = 1, 2
VERSION, CODEPAGE, BODY = 0x00089006, 0x00069007, 0x0002800C
REND_DATA, TITLE, DATA = 0x00069002, 0x00018010, 0x0006800F


def attribute(level: int, name: int, content: bytes) -> bytes:
    checksum = sum(content) & 0xFFFF
    return struct.pack("<BII", level, name, len(content)) + content + struct.pack("<H", checksum)


def winmail(words: bytes, files: dict[str, bytes]) -> bytes:
    """A file with these words and these files."""
    parts = [
        attribute(MESSAGE, VERSION, struct.pack("<I", 0x00010000)),
        attribute(MESSAGE, CODEPAGE, struct.pack("<II", 1252, 0)),
        attribute(MESSAGE, BODY, words + b"\0"),
    ]
    for name, content in files.items():
        parts += [
            attribute(ATTACHMENT, REND_DATA, b"\x01\x00" + b"\0" * 12),
            attribute(ATTACHMENT, TITLE, name.encode("cp1252") + b"\0"),
            attribute(ATTACHMENT, DATA, content),
        ]
    return struct.pack("<IH", SIGNATURE, 1) + b"".join(parts)
