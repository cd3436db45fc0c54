"""A mail server on loopback that does what a test tells it to."""

import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class AbruptSMTP(SMTP):
    """Can hang up in the middle of a message."""

    async def smtp_DATA(self, arg: str) -> None:
        if self.event_handler.drops_in_data > 0:
            self.event_handler.drops_in_data -= 1
            await self.push("354 go on")
            self.transport.close()
            return
        await super().smtp_DATA(arg)


class AnyPortController(Controller):
    """A controller whose port the system chooses."""

    def factory(self) -> SMTP:
        return AbruptSMTP(self.handler)

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Postbox:
    """Keeps what it takes.

    `answers` maps an address to the reply its RCPT gets; `on_accept` runs before the yes to a
    message.
    """

    def __init__(self, port: int = 0) -> None:
        self.arrived: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.senders: list[str] = []
        self.connections = 0
        self.answers: dict[str, str] = {}
        self.refuse_sender = ""
        self.drops_in_data = 0
        self.seconds_a_message = 0.0
        self.on_accept: Callable[[], None] | None = None
        self.controller = AnyPortController(self, hostname="127.0.0.1", port=port)
        self.controller.start()
        self.port: int = self.controller.port

    def close(self) -> None:
        self.controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_sender:
            return self.refuse_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        # Holding up the whole server is the point: a slow one.
        time.sleep(self.seconds_a_message)  # noqa: ASYNC251
        self.arrived.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        self.senders.append(envelope.mail_from or "")
        if self.on_accept:
            self.on_accept()
        return "250 kept"
