"""Days, times and searches that no clock or database can follow: words, and never a fault."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, User
from responses.models import Response
from tests.consult.test_admin import opened

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = [
    *["0001-01-01", "0000-00-00", "0099-01-01", "1899-12-31", "9999-12-31", "10000-01-01"],
    *["2026-02-30", "20260101", "2026-W01-1", "2026-01-01T00:00", "01/01/2026", "-1", "1e5", " "],
    *["٢٠٢٦-٠١-٠١", "99999999999", "2027-03-28"],
]
TIMES = ["00:00:00", "23:59:59", "24:00", "01:30", "xx"]
ZONES = ["", "T00:00:00+23:59", "T23:59:59-23:59", " 00:00", "T24:00Z"]


@pytest.fixture
def ada(administrator: User, sign_in: Callable[[User], Client]) -> Client:
    """An administrator who takes an error of ours for a page, as a browser does."""
    client = sign_in(administrator)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("day", DAYS)
def test_a_day_that_no_clock_knows_is_refused_in_words_everywhere(
    ada: Client, consultation: Consultation, send: Callable[..., Response], day: str
) -> None:
    send()
    pages = {}
    for name in ("since", "until"):
        for page in ("review-list", "trail", "trail-file", "bulk-new"):
            pages[page, name] = ada.get(reverse(page), {name: day})
        asked = {"query": f"{name}={day}", "consultation": consultation.slug}
        pages["extract-list", name] = ada.post(reverse("extract-list"), asked)
    typed = {
        "channel": "post",
        "received_on": timezone.localdate().isoformat(),
        "submission_key": "00000000-0000-4000-8000-000000000001",
        "started_at": timezone.now().isoformat(),
        "missing": "Clubs.",
    }
    enter = reverse("enter", args=[consultation.slug])
    for zone in ZONES:
        for name in ("received_on", "started_at"):
            pages["enter", name, zone] = ada.post(enter, typed | {name: day + zone})
    address = reverse("admin:consult_consultation_change", args=[consultation.pk])
    as_it_was = opened(ada, address)
    for time in TIMES:
        for name in ("opens_at", "closes_at"):
            if f"{name}_0" in as_it_was:
                changed = as_it_was | {f"{name}_0": day, f"{name}_1": time}
                pages["consultation", name, time] = ada.post(address, changed)
    assert {key: page.status_code for key, page in pages.items() if page.status_code >= 500} == {}


@pytest.mark.parametrize(
    "word", ["-", "- ", "-(", "-!", "<-", '-"', "-or ", "-a ", '"', "'", "or ", "a:*", "\\'"]
)
def test_a_search_of_nothing_but_signs_finds_nothing_and_says_so(
    ada: Client, send: Callable[..., Response], word: str
) -> None:
    send()
    for page in ("review-list", "bulk-new"):
        assert ada.get(reverse(page), {"word": (word * 200)[:200]}).status_code < 500


def test_a_filter_of_any_length_is_used_or_refused_in_words(
    ada: Client, consultation: Consultation, send: Callable[..., Response]
) -> None:
    send()
    for query in (
        "&".join(["answer=violence-agree=agree"] * 200),
        "&".join(f"answer=a{number}=b{number}" for number in range(200)),
    ):
        address = f"{reverse('review-list')}?{query}"
        assert ada.get(address).status_code == 200
        kept = ada.post(address, {"name": "Long"})
        assert (kept.status_code, "too long to be saved" in kept.content.decode()) == (200, True)
        assert ada.get(f"{reverse('review-list')}?{query}&{query * 9}").status_code == 413
        asked = {"query": query, "consultation": consultation.slug}
        for page, data in (("bulk-new", {"act": "read"}), ("extract-list", asked)):
            assert ada.post(f"{reverse(page)}?{query}", data).status_code < 500
