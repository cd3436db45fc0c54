"""The whole service as it runs for real: not a rehearsal, behind a proxy that ends https, with
people's words planted in it.
"""

import re
import socket
from pathlib import Path

from consult.local.redis import Redis
from tests.conftest import BUNDLED_PLAN
from tests.faults.sites import RESPOND, Parts, Site
from tests.support.postbox import Postbox
from tests.support.running import free_port
from tests.support.walking import Walker


class Production(Parts):
    """`make run`'s parts with DEBUG off. The test stands where the proxy would."""

    def __init__(self, folder: Path) -> None:
        self.redis = Redis(folder / "broker", log=folder / "redis.log")
        self.redis.start()
        self.postbox = Postbox()
        port = free_port()
        self.origin = f"https://127.0.0.1:{port}"
        environment = {
            "DEBUG": "off",
            "SECRET_KEY": "a key for one test, of more than fifty characters, and no other",
            "TRUSTED_PROXY": "on",
            "ALLOWED_HOSTS": "127.0.0.1",
            "SITE_URL": self.origin,
            "METRICS_TOKEN": "planted-metrics-token",
            "REDIS_URL": self.redis.url,
            "EMAIL_URL": self.postbox.url,
            "EMAIL_TIMEOUT": "2",
            # Nobody listens there: each delivery fails, with its secret in hand.
            "DELIVERY_URL": "sftp://planted-carrier:planted-secret@127.0.0.1:1/in",
        }
        Site.__init__(self, folder, port=port, **environment)
        # Production begins with nothing public.
        self.running.manage("load_plan", str(BUNDLED_PLAN))

    def visitor(self, address: str = "192.0.2.1", **headers: str) -> Walker:
        """Someone's browser, seen through the proxy."""
        given = {
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": address,
            "Referer": f"{self.origin}/",
        }
        return Walker(
            self.running.url,
            headers=given | {name.replace("_", "-"): value for name, value in headers.items()},
        )

    def ready_for(self, email: str) -> Walker:
        """Someone who has answered with planted words, and stands before the button."""
        walker = (
            self.visitor()
            .go(f"{RESPOND}violence/")
            .fill(
                {
                    "violence-comment": (
                        "planted-answer <script>alert(1)</script> \U0001f642 of "
                        "someone who wants more lights in the park"
                    )
                }
            )
        )
        walker.go(f"{RESPOND}about-you/").fill({"email": email, "name": "Planted Name"})
        return walker.go(f"{RESPOND}check/")

    def links(self) -> list[str]:
        """The links to drafts that arrived by email."""
        bodies = [email.get_content() for email in self.postbox.arrived if not email.is_multipart()]
        return [
            link
            for body in bodies
            for link in re.findall(r"/\S+/respond/back/[^/\s]+/", body.replace(self.origin, ""))
        ]

    def raw(self, request: bytes, *, seconds: float = 10) -> bytes:
        """What comes back for bytes that no browser would send; nothing where the connection was
        cut.
        """
        with socket.create_connection(("127.0.0.1", self.running.port), timeout=seconds) as wire:
            answer = b""
            try:
                wire.sendall(request)
                while piece := wire.recv(65536):
                    answer += piece
            except (ConnectionError, TimeoutError):
                pass
            return answer

    def written(self) -> str:
        """Everything that the service wrote of itself."""
        logs = [
            *(self.running.var / "log").rglob("*"),
            *self.running.var.parent.glob("*.log"),
            self.running.terminal,
        ]
        return "\n".join(path.read_text(errors="replace") for path in logs if path.is_file())
