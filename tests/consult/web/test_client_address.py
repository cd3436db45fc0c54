"""Where a request comes from: the proxies of ours are believed, and nobody else."""

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from consult.web import client_address
from consult.web.client_address import address_of

CHAIN = "203.0.113.9, 198.51.100.2, 192.0.2.1"


def address(*, forwarded: str | None = None, direct: str = "10.0.0.1") -> str:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return address_of(RequestFactory().get("/", headers=headers, REMOTE_ADDR=direct))


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [(0, "10.0.0.1"), (1, "192.0.2.1"), (2, "198.51.100.2"), (3, "203.0.113.9"), (4, "10.0.0.1")],
)
def test_as_many_entries_count_as_there_are_proxies_of_ours(
    settings: Settings, proxies: int, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert address(forwarded=CHAIN) == expected


@pytest.mark.parametrize("forwarded", [None, "", " ", ",", "203.0.113.9, "])
def test_a_proxy_that_says_nothing_leaves_its_own_address(
    settings: Settings, forwarded: str | None
) -> None:
    settings.TRUSTED_PROXIES = 1
    assert address(forwarded=forwarded) == "10.0.0.1"


def test_what_a_stranger_adds_in_front_changes_nothing(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    honest = address(forwarded="192.0.2.1")
    assert address(forwarded=f"6.6.6.6, {honest}") == honest
    assert address(forwarded=f"x, y, {honest}") == honest


@pytest.mark.parametrize(
    ("direct", "expected"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::1", "::1"),
        ("192.0.2.7", "192.0.2.7"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_a_home_has_one_address_however_many_it_has(
    settings: Settings, direct: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = 0
    assert address(direct=direct) == expected


def test_two_homes_stay_two(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 0
    assert address(direct="2001:db8:1:2::1") != address(direct="2001:db8:1:3::1")


def test_a_proxy_that_hides_people_is_noted_once_in_a_while(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRUSTED_PROXIES = 1
    noted: list[str] = []
    monkeypatch.setattr(client_address, "note_missing_address", lambda: noted.append("noted"))
    monkeypatch.setitem(client_address._note, "next", 0.0)
    request = RequestFactory().get("/", headers={"x-forwarded-proto": "https"})
    for _visit in range(3):
        address_of(request)
    assert noted == ["noted"]


def test_without_a_word_of_https_nothing_is_missing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRUSTED_PROXIES = 1
    monkeypatch.setattr(client_address, "note_missing_address", pytest.fail)
    monkeypatch.setitem(client_address._note, "next", 0.0)
    assert address() == "10.0.0.1"
