"""A list of the staff's shows what it can: one damaged row hides no other, and is named."""

from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import Client, RequestFactory
from django.urls import reverse

from consult.models import AuditEntry, Consultation, RowTrouble, User
from consult.plans import editions
from consult.views.one_by_one import each_shown
from responses.dashboard.tallies import tally
from responses.models import Response, Tally
from tests.support.tampering import tamper

Send = Callable[..., Response]
# The pages that list every consultation, and the right person to open them.
LISTS = [
    "batch-list",
    "campaign-list",
    "code-questions",
    "dashboard",
    "entering",
    "packs-to-decide",
    "publication",
    "reading-pace",
    "review-list",
    "set-up",
]


@pytest.fixture
def damaged(other: Consultation) -> Consultation:
    """A consultation whose plan nobody can read any more."""
    tamper(
        "UPDATE consult_edition SET content = '[1, null]' WHERE consultation_id = %s", [other.pk]
    )
    tamper("UPDATE consult_consultation SET title = 'Damaged' WHERE id = %s", [other.pk])
    editions._plan_of.cache_clear()
    return other


@pytest.mark.parametrize("name", LISTS)
def test_a_plan_that_cannot_be_read_hides_no_other_consultation(
    name: str,
    consultation: Consultation,
    damaged: Consultation,
    send: Send,
    administrator: User,
    sign_in: Callable[[User], Client],
) -> None:
    response = send({"missing": "More trams."})
    Tally.objects.create(consultation=damaged, figures={"current": 1})
    tally(consultation=consultation)
    page = sign_in(administrator).get(reverse(name))
    assert page.status_code == 200
    shown = page.content.decode()
    assert (response.reference if name == "review-list" else consultation.title) in shown


@pytest.mark.parametrize("name", ["code-questions", "dashboard"])
def test_what_cannot_be_shown_is_named_on_the_page(
    name: str,
    consultation: Consultation,
    damaged: Consultation,
    administrator: User,
    sign_in: Callable[[User], Client],
) -> None:
    Tally.objects.create(consultation=damaged, figures={})
    shown = sign_in(administrator).get(reverse(name)).content.decode()
    assert "Damaged cannot be shown here, because something in it is damaged." in shown
    assert RowTrouble.objects.get(row="Damaged").job == f"the page {reverse(name)}"


@pytest.mark.parametrize("details", ["null", "[]", '"x"', "5", "[1, null, {}]"])
def test_an_odd_entry_hides_no_other_on_the_trail(
    consultation: Consultation,
    administrator: User,
    sign_in: Callable[[User], Client],
    details: str,
) -> None:
    ada = sign_in(administrator)
    odd = AuditEntry.objects.latest("pk")
    ada.get(reverse("trail"))
    tamper("UPDATE consult_auditentry SET details = %s WHERE id = %s", [details, odd.pk])
    page = ada.get(reverse("trail"))
    assert page.status_code == 200
    assert page.context["rows"]  # the others
    assert "cannot be shown here" in page.content.decode()
    file = b"".join(ada.get(reverse("trail-file"))).decode()
    assert f"\r\n{odd.pk}," in file


@pytest.mark.parametrize(
    "typed",
    ["2026-13-45T99:99:99Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"],
)
def test_what_only_looks_like_an_instant_is_shown_as_it_is(
    consultation: Consultation,
    administrator: User,
    sign_in: Callable[[User], Client],
    typed: str,
) -> None:
    entry = AuditEntry.objects.latest("pk")
    tamper(
        "UPDATE consult_auditentry SET details = jsonb_build_object('why', %s::text) WHERE id = %s",
        [typed, entry.pk],
    )
    assert typed in sign_in(administrator).get(reverse("trail")).content.decode()


def test_a_damaged_row_is_left_out_and_the_others_keep_their_order(
    db: None, rf: RequestFactory
) -> None:
    request = rf.get("/staff/list/")
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    assert each_shown(request, [4, 0, 2], lambda number: 8 // number) == [2, 4]
    assert [str(message) for message in get_messages(request)] == [
        "0 cannot be shown here, because something in it is damaged."
    ]
    assert RowTrouble.objects.get().kind == "ZeroDivisionError"
