"""A petition is counted apart from responses, in every place that shows numbers."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Action, AuditEntry, Consultation, StaffDraft, User
from responses.dashboard.tallies import tally
from responses.exporting.batches import seal_batch
from responses.exporting.pack import make_files
from responses.exporting.writing import write_batch
from responses.governance.reconciling import reconcile
from responses.governance.retention import retain
from responses.models import BatchPetition, Petition, PublishedSet, Response, Tally
from responses.reviewing.petitions import (
    CorrectedMeanwhile,
    Signed,
    correct_petition,
    forget_organisers,
    petitions_of,
    record_petition,
    signatures_of,
)
from responses.reviewing.transcribing import NotReceivedYet, ReasonMissing
from tests.support.forms import fields_on

SignIn = Callable[[User], Client]
Record = Callable[..., Petition]
TODAY = date(2026, 11, 20)
TEXT = "We ask the Mayor to keep the night bus."


@pytest.fixture
def signed() -> Callable[..., Signed]:
    """What a petition says; whatever is not said is filled in."""

    def signed(**overrides: object) -> Signed:
        values: dict[str, object] = {
            "title": "Keep the night bus",
            "text": TEXT,
            "signatures": 31_033,
            "channel": "post",
            "received_on": TODAY,
            "organiser_name": "Olu Organiser",
            "organiser_email": "olu@example.org",
        }
        return Signed(**(values | overrides))  # type: ignore[arg-type]  # as Signed takes

    return signed


@pytest.fixture
def put_down(consultation: Consultation, reviewer: User, signed: Callable[..., Signed]) -> Record:
    """Record a petition."""
    return lambda **overrides: record_petition(
        consultation=consultation, signed=signed(**overrides), today=TODAY, by=reviewer
    )


def test_a_petition_is_no_response(put_down: Record, consultation: Consultation) -> None:
    made = put_down()
    assert (made.number, made.signatures) == (1, 31_033)
    assert put_down(title="Another").number == 2
    assert not Response.objects.exists()
    assert signatures_of(consultation) == (2, 62_066)


def test_the_trail_says_who_recorded_it_and_names_no_organiser(
    put_down: Record, reviewer: User
) -> None:
    put_down()
    entry = AuditEntry.objects.get(action=Action.PETITION_RECORDED)
    assert entry.actor == reviewer
    assert "Olu" not in str(entry.details)


def test_a_petition_cannot_come_in_the_future(put_down: Record) -> None:
    with pytest.raises(NotReceivedYet):
        put_down(received_on=TODAY + timedelta(days=1))
    assert not Petition.objects.exists()


def test_a_correction_stands_beside_what_it_corrects(
    put_down: Record, signed: Callable[..., Signed], consultation: Consultation, reviewer: User
) -> None:
    first = put_down()
    arguments = {"withdrawn": False, "today": TODAY, "by": reviewer}
    with pytest.raises(ReasonMissing):
        correct_petition(shown=first, signed=signed(), reason=" ", **arguments)
    second = correct_petition(
        shown=first, signed=signed(signatures=31_000), reason="Signed twice", **arguments
    )
    assert list(petitions_of(consultation)) == [second]
    assert Petition.objects.get(pk=first.pk).signatures == 31_033
    assert signatures_of(consultation) == (1, 31_000)
    with pytest.raises(CorrectedMeanwhile):
        correct_petition(shown=first, signed=signed(), reason="Mine", **arguments)


def test_a_withdrawn_petition_does_not_count(
    put_down: Record, signed: Callable[..., Signed], consultation: Consultation, reviewer: User
) -> None:
    correct_petition(
        shown=put_down(), signed=signed(), reason="A hoax", withdrawn=True, today=TODAY, by=reviewer
    )
    assert signatures_of(consultation) == (0, 0)
    assert Petition.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_books_balance_with_petitions_in_them(
    put_down: Record, consultation: Consultation, exports: Path
) -> None:
    put_down()
    write_batch(batch=seal_batch(consultation=consultation, actor=None))
    assert reconcile().differences == []


def test_a_batch_tells_of_petitions_apart_from_its_responses(
    put_down: Record,
    send: Callable[..., Response],
    consultation: Consultation,
    exports: Path,
    tmp_path: Path,
) -> None:
    put_down()
    send({"missing": "Buses."})
    batch = seal_batch(consultation=consultation, actor=None)
    (tmp_path / "made").mkdir()
    make_files(batch=batch, folder=tmp_path / "made")
    manifest = json.loads((tmp_path / "made" / "manifest.json").read_text())
    assert manifest["counts"]["responses"] == 1
    assert manifest["petitions"] == [
        {
            "number": 1,
            "title": "Keep the night bus",
            "text": TEXT,
            "signatures": 31_033,
            "received_on": "2026-11-20",
            "channel": "post",
        }
    ]
    note = (tmp_path / "made" / "README.txt").read_text()
    assert "PETITIONS" in note
    assert "31,033" in note
    assert "Keep the night bus" in note
    assert "Olu" not in note + json.dumps(manifest)


def test_a_batch_keeps_its_petitions_as_they_stood_when_it_was_sealed(
    put_down: Record,
    signed: Callable[..., Signed],
    consultation: Consultation,
    reviewer: User,
    exports: Path,
    tmp_path: Path,
) -> None:
    first = put_down()
    batch = seal_batch(consultation=consultation, actor=None)
    correct_petition(
        shown=first,
        signed=signed(signatures=5),
        reason="Wrong",
        withdrawn=False,
        today=TODAY,
        by=reviewer,
    )
    forget_organisers([first.pk], actor=None, why="asked for it")
    (tmp_path / "made").mkdir()
    make_files(batch=batch, folder=tmp_path / "made")
    manifest = json.loads((tmp_path / "made" / "manifest.json").read_text())
    assert [one["signatures"] for one in manifest["petitions"]] == [31_033]
    assert BatchPetition.objects.get().petition == first


def test_a_batch_without_petitions_says_nothing_of_them(
    consultation: Consultation, exports: Path, tmp_path: Path
) -> None:
    batch = seal_batch(consultation=consultation, actor=None)
    (tmp_path / "made").mkdir()
    make_files(batch=batch, folder=tmp_path / "made")
    assert "petitions" not in json.loads((tmp_path / "made" / "manifest.json").read_text())
    assert "PETITIONS" not in (tmp_path / "made" / "README.txt").read_text()


def test_the_dashboard_shows_petitions_beside_and_never_among_responses(
    put_down: Record,
    send: Callable[..., Response],
    consultation: Consultation,
    analyst: User,
    sign_in: SignIn,
) -> None:
    send({"missing": "Buses."})
    put_down()
    tally(consultation=consultation)
    page = " ".join(sign_in(analyst).get(reverse("dashboard")).content.decode().split())
    assert "1 petition with 31,033 signatures, counted apart from the responses." in page
    assert "1 response was received." in page
    assert Tally.objects.get().figures["received"] == 1


def test_the_organisers_details_go_when_they_ask_and_the_count_stays(
    put_down: Record, consultation: Consultation, administrator: User, sign_in: SignIn
) -> None:
    made = put_down()
    ada = sign_in(administrator)
    page = ada.get(reverse("petition", args=[made.pk])).content.decode()
    assert "olu@example.org" in page
    for address in (f"/staff/petitions/{made.pk}/", "/staff/petitions/99999/"):
        StaffDraft.objects.create(account=administrator, page=address, fields=[["by", "Olu"]])
    ada.post(reverse("forget-organiser", args=[made.pk]))
    assert [draft.page for draft in StaffDraft.objects.exclude(fields=[])] == [
        "/staff/petitions/99999/"
    ]
    made.refresh_from_db()
    assert (made.organiser_name, made.organiser_email) == ("", "")
    assert signatures_of(consultation) == (1, 31_033)
    assert forget_organisers([made.pk], actor=None, why="again") == 0


def test_a_reviewer_records_and_corrects_a_petition(
    consultation: Consultation, reviewer: User, sign_in: SignIn
) -> None:
    rosa = sign_in(reviewer)
    address = reverse("petition-list", args=[consultation.slug])
    assert "No petition is recorded." in rosa.get(address).content.decode()
    typed = {"title": "Keep the night bus", "text": TEXT, "signatures": "31,033", "channel": "post"}
    page = rosa.post(address, typed).content.decode()
    assert "The number of signatures must be a whole number" in page
    assert "Enter the day on which it came." in page
    assert TEXT in page
    typed |= {"signatures": "31033", "received_on": timezone.localdate().isoformat()}
    page = rosa.post(address, typed, follow=True).content.decode()
    assert "The petition is recorded." in page
    made = Petition.objects.get()
    here = reverse("petition", args=[made.pk])
    assert "Write why." in rosa.post(here, typed).content.decode()
    rosa.post(here, typed | {"signatures": "30000", "reason": "Signed twice"})
    assert Petition.objects.count() == 2
    page = rosa.get(here, follow=True).content.decode()
    assert "30,000 signatures" in page
    assert "Signed twice" in page
    late = rosa.post(here, typed | {"reason": "Mine"})
    assert late.status_code == 409
    assert "Someone else has corrected it" in late.content.decode()


def test_after_someone_elses_correction_ones_own_can_still_be_sent(
    put_down: Record, signed: Callable[..., Signed], reviewer: User, sign_in: SignIn
) -> None:
    made, rosa = put_down(), sign_in(reviewer)
    here = reverse("petition", args=[made.pk])
    typed = fields_on(rosa.get(here).content.decode()) | {"reason": "Mine", "signatures": "29000"}
    theirs = correct_petition(
        shown=made,
        signed=signed(signatures=30_000),
        reason="Signed twice",
        withdrawn=False,
        today=TODAY,
        by=reviewer,
    )
    late = rosa.post(here, typed)
    page = late.content.decode()
    assert late.status_code == 409
    newest = reverse("petition", args=[theirs.pk])
    assert f'<form method="post" action="{newest}"' in page
    rosa.post(newest, fields_on(page))
    mine = Petition.objects.get(earlier=theirs)
    assert (mine.signatures, mine.reason) == (29_000, "Mine")


def test_the_page_of_a_correction_is_filled_in_and_can_be_sent_as_it_is(
    put_down: Record, reviewer: User, sign_in: SignIn
) -> None:
    made, rosa = put_down(organiser_email=""), sign_in(reviewer)
    here = reverse("petition", args=[made.pk])
    page = rosa.get(here).content.decode()
    fields = fields_on(page)
    assert fields["received_on"] == "2026-11-20"
    rosa.post(here, fields | {"reason": "Looked at again", "signatures": "31034"})
    newest = Petition.objects.get(earlier=made)
    assert (newest.signatures, newest.received_on, newest.text) == (31_034, TODAY, TEXT)


def test_a_petition_from_tomorrow_is_answered_at_its_field(
    consultation: Consultation, reviewer: User, sign_in: SignIn
) -> None:
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    typed = {"title": "A", "text": "B", "signatures": "2", "channel": "post"}
    address = reverse("petition-list", args=[consultation.slug])
    page = sign_in(reviewer).post(address, typed | {"received_on": tomorrow}).content.decode()
    assert "The day it reached you must be today or in the past." in page


def test_the_people_page_finds_who_organised_a_petition(
    put_down: Record, administrator: User, sign_in: SignIn
) -> None:
    made = put_down()
    ada = sign_in(administrator)
    for words in ("olu@example.org", "OLU@example.org", "Organiser"):
        page = ada.post(reverse("people"), {"words": words}).content.decode()
        assert reverse("petition", args=[made.pk]) in page
    page = ada.post(reverse("people"), {"words": "ann@example.org"}).content.decode()
    assert reverse("petition", args=[made.pk]) not in page


def test_organisers_go_when_contact_details_do(
    put_down: Record, consultation: Consultation
) -> None:
    put_down()
    long_ago = timezone.now() - timedelta(days=800)
    Consultation.objects.filter(pk=consultation.pk).update(
        opens_at=long_ago - timedelta(days=1), closes_at=long_ago
    )
    done = {one.name: one.removed for one in retain()}
    assert done["organisers"] == 1
    assert Petition.objects.get().organiser_name == ""
    assert Petition.objects.get().signatures == 31_033


def test_published_pages_show_petitions_apart(
    put_down: Record, consultation: Consultation, reviewer: User, outsider: Client
) -> None:
    put_down()
    PublishedSet.objects.create(consultation=consultation, by=reviewer)
    page = outsider.get(reverse("published-responses", args=[consultation.slug]))
    text = " ".join(page.content.decode().split())
    assert "Keep the night bus</span>: 31,033 signatures" in text
    assert "counted apart from the responses" in text
    assert "Olu" not in text


@pytest.mark.parametrize(
    "change", [{"signatures": 5}, {"title": "Another"}, {"organiser_name": "Someone else"}]
)
def test_the_database_refuses_to_change_what_was_signed(
    change: dict[str, object], put_down: Record
) -> None:
    put_down()
    with pytest.raises(IntegrityError):
        Petition.objects.update(**change)


def test_the_database_refuses_to_delete_a_petition(put_down: Record) -> None:
    put_down()
    with pytest.raises(IntegrityError):
        Petition.objects.all().delete()
