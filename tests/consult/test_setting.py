"""What each kind of setting accepts, and what it says about what it does not."""

from collections.abc import Callable
from typing import Any

import pytest

from consult.env.setting import flag, hops, names, rate, server, site_url, url, whole_number


def refusal(parse: Callable[[str], Any], value: str) -> str:
    with pytest.raises(ValueError, match=r".") as refused:
        parse(value)
    return str(refused.value)


@pytest.mark.parametrize("word", ["on", "1", "yes", "true", " ON ", "Yes"])
def test_words_that_mean_on(word: str) -> None:
    assert flag(word) is True


@pytest.mark.parametrize("word", ["off", "0", "no", "false", "", "  ", "OFF"])
def test_words_that_mean_off(word: str) -> None:
    assert flag(word) is False


@pytest.mark.parametrize("word", ["2", "enabled", "on!", "onoff", "null"])
def test_other_words_are_neither_on_nor_off(word: str) -> None:
    assert refusal(flag, word) == "write on or off"


@pytest.mark.parametrize(("value", "number"), [("1", 1), ("65535", 65535), ("007", 7)])
def test_whole_numbers_within_their_bounds(value: str, number: int) -> None:
    assert whole_number(1, 65535)(value) == number


@pytest.mark.parametrize("value", ["0", "65536", "-1", "+1", "1.5", "", " 1", "1_000", "１", "²"])
def test_whole_numbers_out_of_bounds_or_written_otherwise(value: str) -> None:
    assert refusal(whole_number(1, 65535), value) == "write a whole number from 1 to 65535"


@pytest.mark.parametrize(
    ("value", "meant"),
    [("10/900", (10, 900)), ("1/1", (1, 1)), ("1000000/9", (10**6, 9))],
)
def test_a_rate_is_a_number_and_seconds(value: str, meant: tuple[int, int]) -> None:
    assert rate(value) == meant


@pytest.mark.parametrize(
    "value",
    [
        "10",
        "10/",
        "/900",
        "0/900",
        "10/0",
        "10/900/2",
        "-1/900",
        "1000001/9",
        "9/1000001",
        "ten/9",
        "",
    ],
)
def test_half_a_rate_or_an_endless_one_is_refused(value: str) -> None:
    assert "for example 10/900" in refusal(rate, value)


@pytest.mark.parametrize(
    ("value", "number"), [("off", 0), ("", 0), ("on", 1), ("0", 0), ("1", 1), ("2", 2), ("9", 9)]
)
def test_proxies_are_counted_or_switched_on(value: str, number: int) -> None:
    assert hops(value) == number


@pytest.mark.parametrize("value", ["10", "-1", "two", "1.0"])
def test_no_number_of_proxies(value: str) -> None:
    assert refusal(hops, value) == "write off, on or the number of proxies"


@pytest.mark.parametrize(
    ("value", "listed"),
    [("", []), (",", []), ("a", ["a"]), (" a , b,", ["a", "b"]), ("a b", ["a b"])],
)
def test_names_are_separated_by_commas(value: str, listed: list[str]) -> None:
    assert names(value) == listed


def test_an_address_has_one_of_the_schemes_or_is_empty() -> None:
    parse = url("https", "mailto")
    assert [parse(value) for value in ("", "https://x", "mailto:a@b.c")] == [
        "",
        "https://x",
        "mailto:a@b.c",
    ]
    for other in ("http://x", "x", "HTTPS", "httpsx://x"):
        assert refusal(parse, other) == "write an address that starts with https: or mailto:"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "smtp://host",
        "smtp://user:pass%40word@host:25",
        "smtp://user:p%2Fw@host/path?x=1",
        "smtp://[::1]:25",
    ],
)
def test_an_address_of_a_server_that_can_be_taken_apart(value: str) -> None:
    assert server("smtp")(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "smtp://user:pass@word@host",
        "smtp://user:pass/word@host",
        "smtp://user:pass#word@host",
        "smtp://user:pass?word@host",
        "smtp://user:100%@host",
        "smtp://user:pass%4word@host",
        "smtp://host:port",
        "smtp://host:99999",
    ],
)
def test_a_password_that_would_be_cut_is_refused_without_being_quoted(value: str) -> None:
    words = refusal(server("smtp"), value)
    assert "%2F, %23, %3F, %40 or %25" in words
    assert "pass" not in words.replace("password", "")


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("https://consult.example.org", "https://consult.example.org"),
        ("https://consult.example.org/", "https://consult.example.org"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_the_sites_address_has_no_slash_at_its_end(value: str, meant: str) -> None:
    assert site_url(value) == meant


@pytest.mark.parametrize(
    "value", ["", "consult.example.org", "ftp://x", "https://", "https://x/path", "https://x?y=1"]
)
def test_the_sites_address_is_no_page(value: str) -> None:
    assert "only the scheme and host" in refusal(site_url, value)
