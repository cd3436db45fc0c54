"""A port that something else has is refused in words, before two servers share it."""

import socket
from collections.abc import Iterator

import pytest

from consult.web.ports import PortTaken, refuse_taken_port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_named_with_what_to_do(taken: int) -> None:
    with pytest.raises(PortTaken, match=r"is taken by another program\. Set PORT to another"):
        refuse_taken_port("127.0.0.1", taken)


def test_an_address_that_is_not_ours_cannot_be_used() -> None:
    with pytest.raises(PortTaken, match=r"port 8000 on 192\.0\.2\.1 cannot be used"):
        refuse_taken_port("192.0.2.1", 8000)


def test_a_free_port_is_left_free(taken: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    refuse_taken_port("127.0.0.1", free)
    refuse_taken_port("127.0.0.1", free)
