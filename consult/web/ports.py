"""Whether the web server can use its port."""

import errno
import socket


class PortTaken(Exception):
    """Nothing can listen there; the message says why and what to do."""


def refuse_taken_port(host: str, port: int) -> None:
    """Raise PortTaken if something else listens there.

    The web server would not notice: its processes share a port, so two servers would each answer
    some of the requests.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as reason:
            why = (
                "is taken by another program"
                if reason.errno == errno.EADDRINUSE
                else "cannot be used"
            )
            raise PortTaken(
                f"port {port} on {host} {why}. Set PORT to another number, as in: make run "
                "PORT=8001"
            ) from reason
