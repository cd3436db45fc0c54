"""Messages as Outlook saves them: a .msg file, made of streams in a compound file.

https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxmsg
"""

import struct

SECTOR, SMALL, SHORT = 512, 64, 4096
END, FREE, FAT_SECTOR, NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
STORAGE, STREAM, ROOT = 1, 2, 5
UNICODE, BINARY, LONG = 0x001F, 0x0102, 0x0003
CLASS, SUBJECT, BODY, HTML, SENDER, ADDRESS = 0x001A, 0x0037, 0x1000, 0x1013, 0x0C1A, 0x0C1F
CODEPAGE, HEADERS = 0x3FDE, 0x007D
DATA, LONG_NAME, METHOD, MIME = 0x3701, 0x3707, 0x3705, 0x370E
Tree = dict[str, "bytes | Tree"]


def message(
    *,
    subject: str = "Lights",
    body: str = "",
    html: bytes = b"",
    files: dict[str, bytes] | None = None,
    headers: str = "",
) -> bytes:
    """A message from Ann, with its words and the files that came with it."""
    said: dict[int, str | bytes | int] = {
        CLASS: "IPM.Note",
        SUBJECT: subject,
        SENDER: "Ann Heron",
        ADDRESS: "ann@example.org",
        CODEPAGE: 65001,
    }
    if body:
        said[BODY] = body
    if html:
        said[HTML] = html
    if headers:
        said[HEADERS] = headers
    tree = _properties(said, b"\0" * 8 + struct.pack("<4I", 0, 0, 0, len(files or {})) + b"\0" * 8)
    for number, (name, content) in enumerate((files or {}).items()):
        tree[f"__attach_version1.0_#{number:08X}"] = _properties(
            {DATA: content, LONG_NAME: name, METHOD: 1, MIME: "application/pdf"}, b"\0" * 8
        )
    return _compound(tree)


def _properties(said: dict[int, str | bytes | int], head: bytes) -> Tree:
    tree: Tree = {}
    listed = head
    for number, value in said.items():
        if isinstance(value, int):
            listed += struct.pack("<HHIII", LONG, number, 6, value, 0)
            continue
        kind = BINARY if isinstance(value, bytes) else UNICODE
        content = value if isinstance(value, bytes) else value.encode("utf-16-le")
        size = len(content) + (2 if kind == UNICODE else 0)
        listed += struct.pack("<HHIII", kind, number, 6, size, 0)
        tree[f"__substg1.0_{number:04X}{kind:04X}"] = content
    tree["__properties_version1.0"] = listed
    return tree


class _Sectors:
    """Content in sectors of one size, and the table that chains them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.content = b""
        self.table: list[int] = []

    def put(self, content: bytes) -> int:
        """Where it begins."""
        count = -(-len(content) // self.size)
        begins = len(self.table)
        self.content += content.ljust(count * self.size, b"\0")
        self.table += [begins + at + 1 for at in range(count - 1)] + [END] * bool(count)
        return begins if count else END


def _compound(tree: Tree) -> bytes:
    """A compound file: short streams in the small sectors of its root, long ones in its own."""
    large, small = _Sectors(SECTOR), _Sectors(SMALL)
    entries: list[list[str | int]] = [["Root Entry", ROOT, NONE, NONE, END, 0]]

    def fill(holder: int, held: Tree) -> None:
        before = None
        for name, content in sorted(held.items(), key=lambda one: (len(one[0]), one[0].upper())):
            number = len(entries)
            if isinstance(content, bytes):
                sectors = small if len(content) < SHORT else large
                begins = sectors.put(content)
                entries.append([name, STREAM, NONE, NONE, begins, len(content)])
            else:
                entries.append([name, STORAGE, NONE, NONE, 0, 0])
                fill(number, content)
            entries[holder if before is None else before][3 if before is None else 2] = number
            before = number

    fill(0, tree)
    entries[0][4:] = [large.put(small.content), len(small.content)]
    small_table = struct.pack(f"<{len(small.table)}I", *small.table)
    small_at = large.put(small_table.ljust(-(-len(small_table) // SECTOR) * SECTOR, b"\xff"))
    first = large.put(b"".join(_entry(*one) for one in entries))
    tables = 1
    while tables * SECTOR // 4 < len(large.table) + tables:
        tables += 1
    begins = len(large.table)
    table = large.table + [FAT_SECTOR] * tables
    table += [FREE] * (tables * SECTOR // 4 - len(table))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    head += struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    small_sectors = -(-len(small_table) // SECTOR)
    head += struct.pack("<9I", 0, tables, first, 0, SHORT, small_at, small_sectors, END, 0)
    head += struct.pack("<109I", *range(begins, begins + tables), *[FREE] * (109 - tables))
    return head + large.content + struct.pack(f"<{len(table)}I", *table)


def _entry(name: str, kind: int, after: int, child: int, begins: int, size: int) -> bytes:
    written = name.encode("utf-16-le") + b"\0\0"
    head = written.ljust(64, b"\0") + struct.pack(
        "<HBB3I", len(written), kind, 1, NONE, after, child
    )
    return head + b"\0" * 36 + struct.pack("<IQ", begins, size)
