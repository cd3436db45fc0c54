"""Real servers to deliver to, and a wire to one that can be cut."""

import asyncio
import os
import socket
import threading
from pathlib import Path

import asyncssh


class Wire:
    """A relay on loopback that hangs up once `bytes_left` bytes went to the server; None lets
    everything through.
    """

    def __init__(self, port: int) -> None:
        self.to, self.bytes_left, self.cuts, self.stall = port, None, 0, threading.Event()
        self.bytes_left: int | None
        self.stalled = threading.Event()
        self.stall_at: int | None = None
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
                server = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                return
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, target, counted in ((client, server, True), (server, client, False)):
                threading.Thread(
                    target=self._pump, args=(source, target, counted), daemon=True
                ).start()

    def _pump(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while piece := source.recv(16384):
                if counted and self.bytes_left is not None:
                    self.bytes_left -= len(piece)
                    if self.bytes_left <= 0:
                        self.bytes_left, self.cuts = None, self.cuts + 1
                        break
                if counted and self.stall_at is not None:
                    self.stall_at -= len(piece)
                    if self.stall_at <= 0:
                        self.stalled.set()
                        self.stall.wait(30)
                target.sendall(piece)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        self.server.close()
        self.stall.set()


class SshServer:
    """A real SFTP server on loopback, with `root` as its folder and a host key of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "at-mopac"
        self.root.mkdir()
        self.key, self.host_key = folder / "id", asyncssh.generate_private_key("ssh-ed25519")
        user_key = asyncssh.generate_private_key("ssh-ed25519")
        user_key.write_private_key(str(self.key))
        allowed = folder / "allowed"
        user_key.write_public_key(str(allowed))
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

        async def start() -> asyncssh.SSHAcceptor:
            return await asyncssh.listen(
                "127.0.0.1",
                0,
                server_host_keys=[self.host_key],
                authorized_client_keys=str(allowed),
                sftp_factory=lambda channel: asyncssh.SFTPServer(
                    channel, chroot=os.fsencode(self.root)
                ),
            )

        self.acceptor = asyncio.run_coroutine_threadsafe(start(), self.loop).result(20)
        self.port = self.acceptor.get_port()

    def known_hosts(self, path: Path, port: int) -> Path:
        path.write_text(f"[127.0.0.1]:{port} {self.host_key.export_public_key().decode()}")
        return path

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.acceptor.close)
        self.loop.call_soon_threadsafe(self.loop.stop)


def sftp_url(server: SshServer, wire: Wire, folder: Path) -> str:
    known = server.known_hosts(folder / "known", wire.port)
    return f"sftp://mopac@127.0.0.1:{wire.port}/in?key={server.key}&known_hosts={known}"
