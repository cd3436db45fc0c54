"""A mail server that speaks enough IMAP to have its mailbox read, on this machine."""

import re
import socketserver
import ssl
import threading
from dataclasses import dataclass, field

USER, PASSWORD = "desk", "p/ss word"


@dataclass
class Folder:
    """A folder's messages by number; `seen` are those that someone was shown, or marked so."""

    messages: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    seen: set[int] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    # What the server says instead of handing one over: NO, or BAD.
    refused: dict[int, str] = field(default_factory=dict)
    # After so many messages the connection is cut, as a network may do it.
    cut_after: int | None = None


class _Session(socketserver.StreamRequestHandler):
    server: "ImapServer"

    def say(self, line: str | bytes) -> None:
        self.wfile.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def handle(self) -> None:
        self.fetched = 0
        self.say("* OK ready")
        for line in self.rfile:
            tag, _, command = line.decode().strip().partition(" ")
            self.server.folder.commands.append(command)
            if not self.answer(tag, command):
                return

    def answer(self, tag: str, command: str) -> bool:
        folder = self.server.folder
        word = command.split(" ", maxsplit=1)[0].upper()
        if word == "CAPABILITY":
            self.say("* CAPABILITY IMAP4rev1")
        elif word == "LOGIN":
            if command.split(" ", 1)[1] != f'{USER} "{PASSWORD}"':
                self.say(f"{tag} NO [AUTHENTICATIONFAILED] Wrong name or password")
                return True
        elif word in {"SELECT", "EXAMINE"}:
            if "INBOX" not in command:
                self.say(f"{tag} NO no such folder")
                return True
            self.say(f"* {len(folder.messages)} EXISTS")
            self.say(f"* OK [UIDVALIDITY {folder.validity}] valid")
        elif found := re.match(r"FETCH (\d+):(\d+) \(UID\)", command):
            listed = list(enumerate(sorted(folder.messages), start=1))
            for place, number in listed[int(found[1]) - 1 : int(found[2])]:
                self.say(f"* {place} FETCH (UID {number})")
        elif found := re.match(r"UID FETCH (\d+) \((BODY(?:\.PEEK)?)\[\]\)", command):
            return self.fetch(tag, int(found[1]), peeks="PEEK" in found[2])
        elif word == "LOGOUT":
            self.say("* BYE")
        self.say(f"{tag} OK done")
        return word != "LOGOUT"

    def fetch(self, tag: str, number: int, *, peeks: bool) -> bool:
        folder = self.server.folder
        if number in folder.refused:
            self.say(f"{tag} {folder.refused[number]} cannot be read")
            return True
        if folder.cut_after is not None and self.fetched >= folder.cut_after:
            return False
        self.fetched += 1
        if not peeks:
            folder.seen.add(number)
        if number in folder.messages:
            raw = folder.messages[number]
            self.say(f"* 1 FETCH (UID {number} BODY[] {{{len(raw)}}}")
            self.say(raw + b")")
        self.say(f"{tag} OK done")
        return True


class ImapServer(socketserver.ThreadingTCPServer):
    """Serves one folder until it is closed. With `context` it speaks TLS from the start."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.folder = Folder()
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves early is none of a test's concern."""

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()
