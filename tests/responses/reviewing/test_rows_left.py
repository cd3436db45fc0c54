"""Rows of bundles that could not be received: shown, corrected, found, handed over and erased."""

import json
import time
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import AuditEntry, Consultation, Edition, StaffDraft, User
from responses.answers import read_answers
from responses.governance.erasing_unsent import erase_unsent
from responses.governance.matching_names import names_near
from responses.governance.personal_data import NothingAboutThem
from responses.governance.removing import remove_files
from responses.governance.retention import retain
from responses.governance.subject_access import find_person, held_under, make_pack
from responses.models import Attachment, Bundle, BundleRow, Confirmation, Message, Response
from responses.responding.submitting import Submission
from responses.reviewing.bundles.left import RowIsOver, forget_rows, key_of, receive_corrected
from responses.reviewing.bundles.receiving import receive_due_bundles, undo_bundle
from responses.reviewing.transcribing import plan_to_key
from responses.reviewing.views import bundles
from tests.responses.governance.test_erasing import where
from tests.support.forms import fields_on

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[[User], Client]
RAW = {"name": "Zoë O’Neill", "email": "zoe@example.org", "postcode": "N1", "missing": "Buses."}
WHY = "It could not be taken: KeyError."


@pytest.fixture
def bundle(consultation: Consultation, edition: Edition, reviewer: User) -> Bundle:
    """A bundle that is received, but for what its tests leave."""
    return Bundle.objects.create(
        consultation=consultation,
        edition=edition,
        key=uuid4(),
        kind=Bundle.Kind.SHEETS,
        name="The Camden sheets",
        state=Bundle.State.DONE,
        by=reviewer,
    )


@pytest.fixture
def row(bundle: Bundle) -> BundleRow:
    """A row that a worker could not take."""
    said = {"received_on": "2026-11-19", "channel": "post", "late_reason": "", "raw": RAW}
    return BundleRow.objects.create(bundle=bundle, number=2, sheet="C-7", fields=said, why=WHY)


@pytest.fixture
def corrected(row: BundleRow, edition: Edition, reviewer: User) -> Callable[[], Response]:
    """Receive the row as someone has corrected it."""

    def receive() -> Response:
        submission = Submission(
            edition=edition,
            submission_key=key_of(row),
            answers=read_answers(plan_to_key(edition), {"missing": "Trams."}),
            contact={"name": "Zoë O’Neill", "email": "zoe@example.org", "postcode_district": ""},
            started_at=timezone.now(),
            channel="post",
        )
        return receive_corrected(
            row=row,
            submission=submission,
            received_on=date(2026, 11, 19),
            late_reason="",
            by=reviewer,
        )

    return receive


def test_a_row_that_failed_is_corrected_and_becomes_one_response(
    row: BundleRow, reviewer: User, sign_in: SignIn
) -> None:
    rosa = sign_in(reviewer)
    page = rosa.get(reverse("bundle", args=[row.bundle_id])).content.decode()
    here = reverse("bundle-row", args=[row.pk])
    assert WHY in page
    assert f'href="{here}"' in page
    page = rosa.get(here).content.decode()
    assert WHY in page
    fields = fields_on(page)
    assert (fields["name"], fields["missing"], fields["received_on"]) == (
        "Zoë O’Neill",
        "Buses.",
        "2026-11-19",
    )
    assert AuditEntry.objects.filter(action="row_read", subject=f"{row.bundle} row 2").exists()
    done = rosa.post(here, fields | {"missing": "Buses at night."})
    response = Response.objects.get()
    assert done["Location"] == reverse("entered", args=[response.reference])
    assert (response.texts["missing"], response.channel) == ("Buses at night.", "post")
    row.refresh_from_db()
    assert (row.response, row.fields, row.why) == (response, {}, "")
    # Pressed twice, or opened again: the same response.
    assert rosa.post(here, fields)["Location"] == done["Location"]
    assert Response.objects.count() == 1
    assert not rosa.get(reverse("bundle", args=[row.bundle_id])).context["left_count"]


def test_what_is_wrong_in_a_corrected_row_stays_on_the_page(
    row: BundleRow, reviewer: User, sign_in: SignIn
) -> None:
    rosa, here = sign_in(reviewer), reverse("bundle-row", args=[row.pk])
    fields = fields_on(rosa.get(here).content.decode())
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    for wrong, words in (
        ({"received_on": tomorrow}, "must be today or in the past"),
        ({"received_on": ""}, "Enter the day on which it came."),
        ({"email": "nobody"}, "email address"),
    ):
        page = rosa.post(here, fields | {"missing": "Mine."} | wrong).content.decode()
        assert words in page
        assert "Mine." in page
    assert not Response.objects.exists()
    row.refresh_from_db()
    assert (row.fields["raw"], row.why) == (RAW, WHY)


def test_a_row_cannot_be_received_twice_nor_out_of_an_undone_bundle(
    row: BundleRow, corrected: Callable[[], Response]
) -> None:
    corrected()
    with pytest.raises(RowIsOver):
        corrected()
    assert Response.objects.count() == 1
    BundleRow.objects.update(response=None, why=WHY, fields={"raw": RAW})
    Bundle.objects.update(state=Bundle.State.UNDONE)
    with pytest.raises(RowIsOver):
        corrected()
    Bundle.objects.update(state=Bundle.State.DONE)
    BundleRow.objects.update(fields={})
    with pytest.raises(RowIsOver):
        corrected()


def test_a_row_that_is_over_says_so_and_keeps_what_was_typed(
    row: BundleRow, reviewer: User, sign_in: SignIn
) -> None:
    rosa, here = sign_in(reviewer), reverse("bundle-row", args=[row.pk])
    fields = fields_on(rosa.get(here).content.decode())
    forget_rows([row.pk], actor=None, why="asked")
    assert "There is nothing to correct" in rosa.get(here).content.decode()
    page = rosa.post(here, fields | {"missing": "My typing."}).content.decode()
    assert "My typing." in page
    assert not Response.objects.exists()


def test_a_corrected_row_is_undone_with_its_bundle(
    row: BundleRow, corrected: Callable[[], Response], reviewer: User
) -> None:
    response = corrected()
    undo_bundle(bundle=row.bundle, reason="The wrong sheets", by=reviewer)
    receive_due_bundles()
    newest = Response.objects.filter(reference=response.reference).latest("version")
    assert newest.act == Response.Act.WITHDRAWN


def test_an_imported_row_that_is_corrected_sends_its_person_nothing(
    row: BundleRow, corrected: Callable[[], Response]
) -> None:
    Bundle.objects.update(kind=Bundle.Kind.IMPORTED)
    response = corrected()
    assert Confirmation.objects.get(response=response).state == Confirmation.State.NOT_WANTED


def test_the_form_of_an_imported_row_asks_for_no_channel(
    row: BundleRow, reviewer: User, sign_in: SignIn
) -> None:
    Bundle.objects.update(kind=Bundle.Kind.IMPORTED)
    rosa, here = sign_in(reviewer), reverse("bundle-row", args=[row.pk])
    fields = fields_on(rosa.get(here).content.decode())
    assert "channel" not in fields
    rosa.post(here, fields)
    assert Response.objects.get().channel == Response.Channel.IMPORTED


def test_many_rows_that_failed_are_shown_page_by_page(
    row: BundleRow, reviewer: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "SHOWN_ROWS", 2)
    for number in (3, 4):
        row.bundle.rows.create(number=number, fields=row.fields, why=WHY)
    rosa, here = sign_in(reviewer), reverse("bundle", args=[row.bundle_id])
    first = rosa.get(here)
    assert "3 rows were left" in " ".join(first.content.decode().split())
    assert [one.number for one in first.context["left"]] == [2, 3]
    last = rosa.get(here, {"after": first.context["left_next"]})
    assert ([one.number for one in last.context["left"]], last.context["left_next"]) == ([4], None)


@pytest.mark.parametrize("words", ["Zoe O'Neill", "ZOE@example.org", "o’neill"])
def test_who_is_in_a_row_is_found_however_they_are_written(row: BundleRow, words: str) -> None:
    held = find_person(words=words, actor=None)
    assert (held.rows, held.references) == ([row], [])
    assert AuditEntry.objects.get(action="person_looked_for").details["rows"] == 1
    assert find_person(words="Otto", actor=None).rows == []


def test_names_near_to_one_in_a_row_are_offered(row: BundleRow) -> None:
    assert names_near("Zoe O'Niell") == ["Zoë O’Neill"]


def test_a_received_row_is_found_by_its_response_alone(
    row: BundleRow, corrected: Callable[[], Response]
) -> None:
    response = corrected()
    held = find_person(words="Zoë O’Neill", actor=None)
    assert (held.rows, held.references) == ([], [response.reference])


def test_the_pack_has_what_a_row_says_and_why_it_was_not_received(row: BundleRow) -> None:
    with ZipFile(BytesIO(make_pack(held=held_under(rows=[row.pk]), actor=None))) as pack:
        everything = json.loads(pack.read("everything.json"))
        page = pack.read("read-me.html").decode()
    assert [one["said"] for one in everything["rows"]] == [RAW]
    for words in ("Zoë O’Neill", "Buses.", WHY):
        assert words in page
    assert AuditEntry.objects.get(action="person_taken").details["rows"] == 1


def test_an_erased_row_leaves_no_word_behind(
    row: BundleRow, reviewer: User, administrator: User
) -> None:
    page = reverse("bundle-row", args=[row.pk])
    StaffDraft.objects.create(account=reviewer, page=page, form="entry", fields=[["a", "O’Neill"]])
    assert where("O’Neill") >= {"responses_bundlerow", "consult_staffdraft"}
    given = {"drafts": [], "letters": [], "rows": [row.pk], "why": "asked"}
    assert erase_unsent(**given, actor=administrator) == (0, 0, 1)
    assert where("O’Neill") == where("C-7") == set()
    assert BundleRow.objects.get().why == "What it said was removed."
    with pytest.raises(NothingAboutThem):
        erase_unsent(**given, actor=administrator)


def test_a_row_is_erased_from_the_page_where_it_was_found(
    row: BundleRow, administrator: User, sign_in: SignIn
) -> None:
    ada = sign_in(administrator)
    session = ada.session
    session["confirmed_at"] = int(time.time())
    session.save()
    found = ada.post(reverse("people"), {"words": "zoe@example.org"}).content.decode()
    assert f'name="row" type="checkbox" value="{row.pk}"' in found
    address = f"{reverse('erase-found')}?row={row.pk}"
    fields = fields_on(ada.get(address).content.decode())
    refused = ada.post(address, fields | {"why": "O’Neill asked"}).content.decode()
    assert "names nobody" in refused
    ada.post(address, fields | {"why": "asked by post"})
    row.refresh_from_db()
    assert row.fields == {}


def test_a_row_that_a_backup_brings_back_is_erased_again(
    row: BundleRow, capsys: pytest.CaptureFixture[str]
) -> None:
    with transaction.atomic():
        erase_unsent(drafts=[], letters=[], rows=[row.pk], actor=None, why="asked")
        transaction.set_rollback(True)
    default_storage.save(f"erasures/row-{row.bundle.key}-2", ContentFile(b""))
    call_command("erase_response", "--again")
    assert "1 draft, email or row" in capsys.readouterr().out
    row.refresh_from_db()
    assert row.fields == {}


def test_what_a_row_says_goes_with_the_email_that_it_came_in(
    row: BundleRow, consultation: Consultation
) -> None:
    default_storage.save("one.eml", ContentFile(b"From: zoe@example.org\n\nBuses."))
    letter = Message.objects.create(consultation=consultation, file="one.eml", sha256="2" * 64)
    BundleRow.objects.update(message=letter)
    remove_files(scans=Attachment.objects.none(), messages=Message.objects.all())
    row.refresh_from_db()
    assert row.fields == {}


def test_rows_that_failed_are_kept_their_time_and_those_under_way_longer(
    row: BundleRow, consultation: Consultation
) -> None:
    waiting = row.bundle.rows.create(number=3, fields=row.fields)
    assert "rows" not in {one.name for one in retain()}
    long_ago = timezone.now() - timedelta(days=800)
    Consultation.objects.filter(pk=consultation.pk).update(
        opens_at=long_ago - timedelta(days=1), closes_at=long_ago
    )
    done = {one.name: (one.removed, one.held) for one in retain()}
    assert done["rows"] == (1, 1)
    row.refresh_from_db()
    waiting.refresh_from_db()
    assert (row.fields, waiting.fields["raw"]) == ({}, RAW)
    assert "rows" not in {one.name for one in retain() if one.removed}
