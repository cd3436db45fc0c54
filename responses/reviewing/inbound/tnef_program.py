"""Opens what Outlook wrapped in a winmail.dat: TNEF from standard input, JSON to standard output.

`responses.reviewing.inbound.tnef` starts it as a program of its own: its library is under the LGPL,
and what anyone may send by email is taken apart where it can harm nothing else.
"""

import json
import sys
from base64 import b64encode

from tnefparse import TNEF


def as_bytes(text: object) -> bytes:
    return text if isinstance(text, bytes) else str(text or "").encode("utf-8", "surrogateescape")


if __name__ == "__main__":
    opened = TNEF(sys.stdin.buffer.read(), do_checksum=False)
    said = {
        "codepage": str(opened.codepage or ""),
        "plain": b64encode(as_bytes(opened.body)).decode(),
        "html": b64encode(as_bytes(opened.htmlbody)).decode(),
        "files": [
            [one.long_filename() or "", b64encode(one.data or b"").decode()]
            for one in opened.attachments
        ],
    }
    json.dump(said, sys.stdout)
