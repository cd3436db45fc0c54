"""Of a postcode we keep the first half, whatever was typed and whenever it was saved."""

from html import unescape

import pytest
from django.test import Client

from responses.models import Draft
from tests.responses.responding.test_answering import answer, at

pytestmark = pytest.mark.usefixtures("consultation")
SAVE = at("save", "about-you")


@pytest.fixture
def rita() -> Client:
    return Client()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("se1 0ll", "SE1"),
        ("SE1\u200b0LL", "SE1"),
        ("My postcode is SE1 0LL, by the park", "SE1"),
        ("SE1", "SE1"),
        ("Southwark", "Southwark"),
        ("S1", "S1"),
        ("S.E.1.0.L.L and more", ""),
        ("5E1 0LL", ""),
    ],
)
def test_a_draft_holds_no_whole_postcode_however_it_is_saved(
    rita: Client, typed: str, kept: str
) -> None:
    rita.post(SAVE, {"postcode": typed, "draft": "new"})
    assert Draft.objects.get().answers.get("postcode", "") == kept
    answer(rita, "about-you", postcode=typed, to="later")
    assert Draft.objects.get().answers.get("postcode", "") == kept


def test_a_postcode_that_cannot_be_kept_stays_on_its_page(rita: Client) -> None:
    page = answer(rita, "about-you", postcode="5E1 0LL")
    assert 'value="5E1 0LL"' in page.content.decode()
    assert "Enter the first half of a UK postcode" in unescape(page.content.decode())
    assert "postcode" not in Draft.objects.get().answers


def test_half_a_postcode_kept_of_a_whole_one_is_no_conflict(rita: Client) -> None:
    saved = rita.post(SAVE, {"postcode": "SE1 0LL", "draft": "new"}).json()
    page = rita.post(at("part", "about-you"), {"postcode": "N22", **saved, "to": "later"})
    assert page.status_code == 303
    assert Draft.objects.get().answers["postcode"] == "N22"
