"""Someone who pretends to be a server that we send to gets nothing."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncssh
import pytest
from django.core.files.base import ContentFile
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string

from consult import addresses
from responses.exporting.sftp import Sftp
from tests.support.destinations import SshServer
from tests.support.impostor import make_unknown_certificate
from tests.support.postbox import AnyPortController, Postbox


@pytest.fixture
def unknown_certificate(tmp_path: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that nobody we trust has signed."""
    return make_unknown_certificate(tmp_path)


class Impostor(Postbox):
    """A mail server with a certificate of its own making."""

    def __init__(self, scheme: str, context: ssl.SSLContext) -> None:
        super().__init__()
        self.controller.stop()
        how = {"ssl_context": context} if scheme == "smtps" else {}
        self.controller = StartingTls(self, context, hostname="127.0.0.1", port=0, **how)
        self.controller.start()
        self.port = self.controller.port


class StartingTls(AnyPortController):
    """Offers STARTTLS, unless the connection is encrypted from its start."""

    def __init__(self, handler: object, context: ssl.SSLContext, **options: object) -> None:
        self.context = None if "ssl_context" in options else context
        super().__init__(handler, **options)

    def factory(self) -> object:
        protocol = super().factory()
        protocol.tls_context = self.context
        return protocol


@pytest.fixture(params=["smtps", "smtp+tls"])
def impostor(
    request: pytest.FixtureRequest, unknown_certificate: ssl.SSLContext
) -> Iterator[tuple[str, Impostor]]:
    server = Impostor(request.param, unknown_certificate)
    yield request.param, server
    server.close()


def test_a_mail_server_with_an_unknown_certificate_gets_no_email(
    impostor: tuple[str, Impostor], tmp_path: Path
) -> None:
    scheme, server = impostor
    found = addresses.mail(f"{scheme}://user:secret@127.0.0.1:{server.port}", mail_dir=tmp_path)
    backend = import_string(found["BACKEND"])(
        host=found["HOST"],
        port=found["PORT"],
        username=found["USER"],
        password=found["PASSWORD"],
        use_tls=found["USE_TLS"],
        use_ssl=found["USE_SSL"],
        timeout=5,
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        backend.send_messages(
            [EmailMessage("Subject", "Words", "a@example.org", ["b@example.org"])]
        )
    assert server.arrived == []
    assert server.recipients == []


def test_a_machine_with_another_host_key_gets_no_batch(tmp_path: Path) -> None:
    server = SshServer(tmp_path)
    known = server.known_hosts(tmp_path / "known", server.port)
    options = {"host": "127.0.0.1", "port": server.port, "user": "mopac", "location": "/"}
    options |= {"key_file": str(server.key), "known_hosts": str(known)}
    right = Sftp(**options)
    assert not right.exists("batch.zip")
    right.close()
    server.host_key = asyncssh.generate_private_key("ssh-ed25519")
    server.known_hosts(tmp_path / "known", server.port)
    with pytest.raises(ConnectionError, match=r"does not match|not found in known_hosts"):
        Sftp(**options).exists("batch.zip")
    (tmp_path / "known").write_text("")
    with pytest.raises(ConnectionError, match="not found in known_hosts"):
        Sftp(**options).exists("batch.zip")
    server.close()


class SilentTls:
    """A server that encrypts with a certificate of its own making, and keeps what it is told."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context, self.told = context, b""
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        # A handshake that the other side breaks off is what is wanted here.
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            with suppress(OSError), self.context.wrap_socket(client, server_side=True) as inside:
                self.told += inside.recv(65536)
                inside.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("trusted", [False, True])
def test_an_object_storage_with_an_unknown_certificate_gets_no_batch(
    unknown_certificate: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trusted: bool,
) -> None:
    if trusted:  # So that it is the certificate, and nothing else, that keeps it from us.
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "impostor.pem"))
    server = SilentTls(unknown_certificate)
    found = addresses.delivery(f"s3://KEY:SECRET@127.0.0.1:{server.port}/bucket?region=eu-west-2")
    place = import_string(found["BACKEND"])(**found["OPTIONS"])
    if trusted:
        assert not place.exists("batch-0001/manifest.json")
    else:
        with pytest.raises(OSError, match=r"SSL|certificate"):
            place.save("batch-0001/responses.csv", ContentFile(b"Words."))
    server.server.close()
    assert (b"batch-0001" in server.told) is trusted
    assert b"Words." not in server.told
