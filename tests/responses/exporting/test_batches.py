"""Batches: each response in exactly one, files that anyone can check, and nobody without the right
near them.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from consult.cells import restore_cell
from consult.clock import daily, in_words, latest_daily, next_daily
from consult.models import Action, AuditEntry, Consultation, User
from consult.plans.editions import plan_of
from consult.plans.publishing import publish_edition
from responses.answers import read_answers
from responses.exporting.batches import count_waiting, folder_of, pack_of, seal_batch
from responses.exporting.columns.tables import TABLES
from responses.exporting.downloading import FileGone, NoSuchFile, open_file
from responses.exporting.due import due_at, is_due, seal_due_batches
from responses.exporting.formats.parquet import NOT_ASKED_COLUMN
from responses.exporting.taking_contacts import MayNotTakeContacts
from responses.exporting.writing import BatchNotWritten, write_batch
from responses.models import Batch, BatchMember, LedgerEntry, Response
from tests.support.batches import table
from tests.support.folders import content_of
from tests.support.tampering import behind_its_back

LONDON = ZoneInfo("Europe/London")
HOSTILE = "=cmd|' /C calc'!A0, \"quoted\"\nعربي বাংলা 中文 🙂\u2028end"
Send = Callable[..., Response]
# What a nil return has, in the order of its manifest.
NIL = [
    *[
        "responses.csv",
        "answers.csv",
        "responses.xlsx",
        "responses.parquet",
        "responses.sav",
        "responses.jsonl",
        "themefinder/respondents.jsonl",
    ],
    *["codebook.csv", "codebook.html", "datapackage.json", "README.txt"],
]
# What every batch has besides its manifest, the program that checks it and the folder for
# ThemeFinder.
FILES = [
    *["responses.csv", "answers.csv", "responses.xlsx", "responses.parquet", "responses.sav"],
    *["responses.jsonl", "codebook.csv", "codebook.html", "datapackage.json", "README.txt"],
]


def seal(consultation: Consultation) -> Batch:
    return seal_batch(consultation=consultation, actor=None)


def write(batch: Batch, exports: Path) -> Path:
    """Write a batch and give its folder."""
    write_batch(batch=batch)
    return exports / folder_of(batch)


def manifest_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def london(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LONDON)


# Sealing


def test_every_response_is_in_exactly_one_batch_in_order_of_arrival(
    consultation: Consultation, send: Send
) -> None:
    first, second = send(), send()
    one = seal(consultation)
    third = send()
    two = seal(consultation)
    assert [(one.number, one.size), (two.number, two.size)] == [(1, 2), (2, 1)]
    members = BatchMember.objects.order_by("batch__number", "row").values_list(
        "batch__number", "row", "response"
    )
    assert list(members) == [(1, 1, first.pk), (1, 2, second.pk), (2, 1, third.pk)]


def test_sealing_enters_each_response_in_the_ledger_with_its_digest(
    consultation: Consultation, send: Send
) -> None:
    response = send()
    seal(consultation)
    entries = LedgerEntry.objects.filter(event="batched").values_list(
        "response", "batch_number", "digest"
    )
    assert list(entries) == [(response.pk, 1, response.digest)]


def test_a_response_committed_late_goes_into_the_next_batch(
    consultation: Consultation, send: Send
) -> None:
    late = send()
    newer = send()
    # As if the first had not been committed yet when the batch was sealed.
    batch = Batch.objects.create(consultation=consultation, number=1, size=1)
    BatchMember.objects.create(batch=batch, response=newer, row=1)
    assert list(seal(consultation).members.values_list("response", flat=True)) == [late.pk]


def test_a_batch_without_responses_is_a_nil_return(consultation: Consultation) -> None:
    assert [(batch.number, batch.size) for batch in (seal(consultation), seal(consultation))] == [
        (1, 0),
        (2, 0),
    ]


def test_the_database_refuses_a_second_batch_for_a_response(
    consultation: Consultation, send: Send
) -> None:
    response = send()
    seal(consultation)
    other = seal(consultation)
    with pytest.raises(IntegrityError), transaction.atomic():
        BatchMember.objects.create(batch=other, response=response, row=1)


def test_sealing_is_recorded_on_the_trail(
    consultation: Consultation, send: Send, analyst: User
) -> None:
    send()
    seal_batch(consultation=consultation, actor=analyst)
    entry = AuditEntry.objects.get(action=Action.BATCH_SEALED)
    assert (entry.actor, entry.subject, entry.details) == (
        analyst,
        f"{consultation.slug}/batch-0001",
        {"size": 1},
    )


def test_asking_for_a_batch_number_twice_seals_it_once(
    consultation: Consultation, send: Send
) -> None:
    first = seal_batch(consultation=consultation, actor=None, number=1)
    send()
    assert seal_batch(consultation=consultation, actor=None, number=1) == first
    assert seal_batch(consultation=consultation, actor=None, number=2).size == 1


def test_another_consultations_responses_stay_where_they_are(
    consultation: Consultation, other: Consultation, send: Send
) -> None:
    send()
    assert seal(other).size == 0
    assert count_waiting() == {consultation.pk: 1}


# Writing


def test_the_files_contain_what_was_sent_and_the_manifest_proves_it(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    sent = [
        send(
            {
                "violence-agree": "agree",
                "violence-comment": HOSTILE,
                "top-sections": ["violence", "trust"],
                "capacity": "individual",
            }
        ),
        send(
            {
                "capacity": "organisation",
                "organisation-type": "other",
                "organisation-type--other": "+1 band",
                "missing": "'Quoted",
            }
        ),
    ]
    folder = write(seal(consultation), exports)
    assert sorted(name for name in content_of(folder) if "/" not in name) == sorted(
        [*FILES, "manifest.json", "verify_batch.py"]
    )

    lines = [
        json.loads(line)
        for line in (folder / "responses.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    rows = table(folder / "responses.csv")
    assert (
        [line["reference"] for line in lines]
        == [row["reference"] for row in rows]
        == [response.reference for response in sent]
    )
    assert [(line["choices"], line["texts"]) for line in lines] == [
        (response.choices, response.texts) for response in sent
    ]
    assert rows[0]["violence-comment"] == "'" + HOSTILE
    assert restore_cell(rows[1]["missing"]) == "'Quoted"
    assert (
        rows[0]["top-sections--violence"],
        rows[0]["top-sections--victims"],
        rows[1]["top-sections--violence"],
    ) == ("1", "0", "")
    assert (rows[0]["organisation-name"], rows[1]["organisation-name"]) == ("not-asked", "")
    assert rows[1]["organisation-type--other--text"] == "'+1 band"
    assert (folder / "responses.csv").read_bytes().startswith(b"reference,version,act,")

    manifest = manifest_of(folder)
    assert (manifest["batch"], manifest["consultation"], manifest["previous_manifest_sha256"]) == (
        1,
        consultation.slug,
        None,
    )
    assert (manifest["first_reference"], manifest["last_reference"]) == (
        sent[0].reference,
        sent[1].reference,
    )
    assert manifest["counts"]["kind"] == {"individual": 1, "organisation": 1}
    found = {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in content_of(folder).items()
    }
    assert {file["name"]: (file["bytes"], file["sha256"]) for file in manifest["files"]} == {
        name: values
        for name, values in found.items()
        if name not in {"manifest.json", "verify_batch.py"}
    }
    assert {
        file["name"]: file["rows"]
        for file in manifest["files"]
        if file["rows"] is not None and "/" not in file["name"]
    } == {
        "responses.csv": 2,
        "responses.xlsx": 2,
        "responses.parquet": 2,
        "responses.sav": 2,
        "answers.csv": len(table(folder / "answers.csv")),
        "responses.jsonl": 2,
        "codebook.csv": len(table(folder / "codebook.csv")),
    }


def test_every_response_can_be_rebuilt_from_the_csv_alone(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    sent = send(
        {
            "violence-comment": HOSTILE,
            "connection": ["live", "work"],
            "borough": "camden",
            "missing": "not-asked",
        }
    )
    plan = plan_of(sent.edition)
    folder = write(seal(consultation), exports)
    (row,) = table(folder / "responses.csv")
    raw: dict[str, Any] = {}
    for entry in table(folder / "codebook.csv"):
        cell = row[entry["column"]]
        if entry["kind"] == "many" and cell == "1":
            raw.setdefault(entry["question"], []).append(entry["option"])
        elif entry["kind"] != "many" and cell not in {"", "not-asked"}:
            raw[entry["question"]] = restore_cell(cell)
    answers = read_answers(plan, raw)
    assert (answers.choices, answers.texts) == (sent.choices, sent.texts)


def test_contacts_are_in_their_own_file_and_only_if_the_consultation_says(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    response = send(name="=Rita", email="rita@example.org")
    without = write(seal(consultation), exports)
    assert not any(b"rita@example.org" in content for content in content_of(without).values())
    consultation.batches_include_contacts = True
    consultation.save(update_fields=["batches_include_contacts"])
    other = send(name="Omar", email="omar@example.org")
    folder = write(seal(consultation), exports)
    assert table(folder / "contacts.csv") == [
        {
            "reference": other.reference,
            "version": "1",
            "name": "Omar",
            "email": "omar@example.org",
            "postcode_district": "SE1",
        }
    ]
    assert {
        name for name, content in content_of(folder).items() if b"omar@example.org" in content
    } == {"contacts.csv"}
    assert manifest_of(folder)["includes_contacts"] is True
    assert response.reference not in (folder / "responses.csv").read_text()


def test_writing_again_gives_the_same_bytes(
    consultation: Consultation, send: Send, exports: Path, reviewer: User
) -> None:
    for _ in range(3):
        send()
    batch = seal(consultation)
    folder = write(batch, exports)
    before, digest = content_of(folder), batch.manifest_sha256
    # Whatever happened meanwhile: another response, other words, another setting.
    send()
    consultation.questions.filter(slug="missing").update(text="Reworded")
    publish_edition(consultation=consultation, actor=None)
    Consultation.objects.update(title="Another title", batches_include_contacts=True)
    shutil.rmtree(folder)
    with behind_its_back():
        Batch.objects.filter(pk=batch.pk).update(written_at=None, manifest_sha256="", files=[])
    write_batch(batch=batch)
    assert content_of(folder) == before
    assert batch.manifest_sha256 == digest == hashlib.sha256(before["manifest.json"]).hexdigest()


def test_a_nil_return_has_the_questions_asked_when_it_was_sealed(
    consultation: Consultation, exports: Path
) -> None:
    batch = seal(consultation)
    consultation.questions.filter(slug="missing").update(text="Reworded")
    publish_edition(consultation=consultation, actor=None)
    folder = write(batch, exports)
    assert (table(folder / "responses.csv"), (folder / "responses.jsonl").read_bytes()) == ([], b"")
    assert manifest_of(folder)["editions"] == [1]
    assert b"Reworded" not in (folder / "codebook.csv").read_bytes()


def test_a_batch_over_two_editions_has_both_wordings(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    send()
    consultation.questions.filter(slug="missing").update(text="Reworded")
    edition = publish_edition(consultation=consultation, actor=None)
    send(edition=edition)
    folder = write(seal(consultation), exports)
    wordings = {
        (row["edition"], row["wording"])
        for row in table(folder / "codebook.csv")
        if row["question"] == "missing"
    }
    assert wordings == {("1", "Is there anything missing from the plan?"), ("2", "Reworded")}
    assert [row["edition"] for row in table(folder / "responses.csv")] == ["1", "2"]
    assert manifest_of(folder)["editions"] == [1, 2]


def test_batches_are_written_in_order_and_manifests_name_the_one_before(
    consultation: Consultation, exports: Path
) -> None:
    batches = [seal(consultation) for _ in range(3)]
    write_batch(batch=batches[2])
    for batch in batches:
        batch.refresh_from_db()
    hashes = [
        hashlib.sha256((exports / folder_of(batch) / "manifest.json").read_bytes()).hexdigest()
        for batch in batches
    ]
    assert [batch.manifest_sha256 for batch in batches] == hashes
    assert [
        manifest_of(exports / folder_of(batch))["previous_manifest_sha256"] for batch in batches
    ] == [None, *hashes[:2]]


def test_a_written_batch_states_its_contents_and_is_recorded_once(
    consultation: Consultation, exports: Path
) -> None:
    batch = seal(consultation)
    folder = write(batch, exports)
    write_batch(batch=batch)
    assert [file["name"] for file in batch.files] == [*NIL, "manifest.json", "verify_batch.py"]
    assert {file["name"]: file["bytes"] for file in batch.files} == {
        name: len(content) for name, content in content_of(folder).items()
    }
    entry = AuditEntry.objects.get(action=Action.BATCH_WRITTEN)
    assert (entry.actor_name, entry.subject) == ("service", f"{consultation.slug}/batch-0001")
    assert (batch.failure, batch.written_at is not None) == ("", True)


def test_a_full_disk_is_reported_and_the_next_run_catches_up(
    consultation: Consultation, send: Send, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send()
    batch = seal(consultation)

    def full(*arguments: object) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(FileSystemStorage, "_save", full)
        with pytest.raises(BatchNotWritten):
            write_batch(batch=batch)
    batch.refresh_from_db()
    assert (batch.failure, batch.written_at) == (
        "The files could not be written: No space left on device.",
        None,
    )
    seal_due_batches()
    batch.refresh_from_db()
    assert (batch.failure, batch.written_at is not None) == ("", True)


def test_one_batch_that_cannot_be_written_holds_up_no_other_consultation(
    consultation: Consultation,
    other: Consultation,
    exports: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (exports / consultation.slug).write_text("in the way")
    stuck, fine = seal(consultation), seal(other)
    seal_due_batches()
    assert [
        (batch.written_at is None)
        for batch in (Batch.objects.get(pk=stuck.pk), Batch.objects.get(pk=fine.pk))
    ] == [True, False]
    assert "could not be written" in caplog.text


class Forgetful(InMemoryStorage):
    """A storage that loses the end of what it is given."""

    def _save(self, name: str, content: Any) -> str:
        return str(super()._save(name, ContentFile(content.read()[:-1])))


def test_a_file_stored_differently_is_not_counted_as_written(
    consultation: Consultation, settings: Settings
) -> None:
    settings.STORAGES = {**settings.STORAGES, "exports": {"BACKEND": f"{__name__}.Forgetful"}}
    batch = seal(consultation)
    with pytest.raises(BatchNotWritten, match=r"responses\.csv came back as"):
        write_batch(batch=batch)
    batch.refresh_from_db()
    assert batch.written_at is None


def test_object_storage_overwrites_what_an_earlier_try_left(
    consultation: Consultation, settings: Settings
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "exports": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    batch = seal(consultation)
    write_batch(batch=batch)
    with behind_its_back():
        Batch.objects.update(written_at=None)
    write_batch(batch=batch)
    assert batch.written_at is not None


def test_a_partial_file_never_takes_the_place_of_a_whole_one(
    consultation: Consultation, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = seal(consultation)
    seen = []
    place = Path.replace

    def watch(aside: Path, path: Path) -> Path:
        seen.append((path.name, path.exists(), aside.stat().st_size > 0))
        return place(aside, path)

    monkeypatch.setattr(Path, "replace", watch)
    write(batch, exports)
    assert [name for name, *_ in seen] == [
        # The manifest comes last, by a link that takes the place of nothing.
        Path(name).name
        for name in [*NIL, "verify_batch.py", pack_of(batch)]
    ]
    assert not any(existed for _, existed, _ in seen)
    assert list((exports / folder_of(batch)).glob("*.part")) == []


# The schedule


def at(
    instant: datetime,
    *,
    consultation: Consultation,
    sealed: datetime | None,
    opened: datetime | None = None,
) -> bool:
    """Whether a batch would be due at `instant`, had the last one been sealed at `sealed`."""
    with behind_its_back():
        Batch.objects.all().delete()
    if sealed:
        Batch.objects.create(consultation=consultation, number=1, size=0, sealed_at=sealed)
    consultation.opens_at = consultation.published_at = opened or instant - timedelta(days=30)
    consultation.closes_at = instant + timedelta(days=30)
    return is_due(consultation=consultation, now=instant)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ((2027, 1, 15), "an ordinary night"),
        ((2027, 3, 28), "the clocks go forward"),
        ((2026, 10, 25), "the clocks go back"),
    ],
)
def test_a_batch_is_due_at_two_in_london_every_night_of_the_year(
    consultation: Consultation, day: tuple[int, int, int], name: str
) -> None:
    # In UTC: sums in London's time are done with what the clocks show.
    last = (london(*day, 2) - timedelta(days=1)).astimezone(UTC)
    two = london(*day, 2).astimezone(UTC)
    assert not at(
        two - timedelta(seconds=1), consultation=consultation, sealed=last + timedelta(minutes=1)
    )
    assert at(two, consultation=consultation, sealed=last + timedelta(minutes=1))
    assert not at(two + timedelta(hours=20), consultation=consultation, sealed=two)
    assert at(
        two + timedelta(hours=20), consultation=consultation, sealed=last + timedelta(minutes=1)
    )


def test_on_the_day_of_opening_none_is_due(consultation: Consultation) -> None:
    opened = london(2027, 1, 15, 9)
    assert not at(london(2027, 1, 15, 23), consultation=consultation, sealed=None, opened=opened)
    assert at(london(2027, 1, 16, 2), consultation=consultation, sealed=None, opened=opened)


def test_before_opening_none_is_due(consultation: Consultation) -> None:
    assert not at(
        london(2027, 1, 15, 9), consultation=consultation, sealed=None, opened=london(2027, 2, 1, 9)
    )


def test_one_batch_catches_up_on_three_missed_nights(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    yesterday = timezone.now() - timedelta(days=4)
    Consultation.objects.update(
        opens_at=yesterday - timedelta(days=1), published_at=yesterday - timedelta(days=1)
    )
    batch = seal(consultation)
    with behind_its_back():
        Batch.objects.filter(pk=batch.pk).update(sealed_at=yesterday)
    send()
    assert [(batch.number, batch.size) for batch in seal_due_batches()] == [(2, 1)]
    assert seal_due_batches() == []
    assert [
        (batch.number, batch.written_at is None) for batch in Batch.objects.order_by("number")
    ] == [(1, False), (2, False)]


def test_a_night_without_responses_gives_a_nil_return(
    consultation: Consultation, exports: Path
) -> None:
    two_days_ago = timezone.now() - timedelta(days=2)
    Consultation.objects.update(opens_at=two_days_ago, published_at=two_days_ago)
    assert [batch.size for batch in seal_due_batches()] == [0]


def end(consultation: Consultation, *, ago: timedelta) -> None:
    closed = timezone.now() - ago
    Consultation.objects.filter(pk=consultation.pk).update(
        opens_at=closed - timedelta(days=30), closes_at=closed
    )


def test_after_closing_comes_one_last_batch_and_then_none(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    send()
    first = seal(consultation)
    end(consultation, ago=timedelta(days=3))
    with behind_its_back():
        Batch.objects.filter(pk=first.pk).update(sealed_at=timezone.now() - timedelta(days=4))
    (last,) = seal_due_batches()
    assert (last.number, last.size) == (2, 0)
    with behind_its_back():
        Batch.objects.filter(pk=last.pk).update(sealed_at=timezone.now() - timedelta(days=2))
    assert seal_due_batches() == []


def test_a_response_after_the_last_batch_gets_a_batch_of_its_own(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    seal(consultation)
    send()
    end(consultation, ago=timedelta(days=3))
    with behind_its_back():
        Batch.objects.update(sealed_at=timezone.now() - timedelta(days=2))
    assert [(batch.number, batch.size) for batch in seal_due_batches()] == [(2, 1)]


def test_a_batch_sealed_within_the_grace_period_is_not_the_last(
    consultation: Consultation, exports: Path
) -> None:
    seal(consultation)
    end(consultation, ago=timedelta(days=3))
    with behind_its_back():
        Batch.objects.update(sealed_at=Consultation.objects.get().closes_at + timedelta(minutes=9))
    assert [batch.number for batch in seal_due_batches()] == [2]


def test_a_withdrawn_consultation_hands_over_only_what_it_received(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    two_days_ago = timezone.now() - timedelta(days=2)
    send()
    Consultation.objects.update(
        opens_at=two_days_ago, published_at=two_days_ago, withdrawn_at=timezone.now()
    )
    assert [batch.size for batch in seal_due_batches()] == [1]
    with behind_its_back():
        Batch.objects.update(sealed_at=two_days_ago)
    assert seal_due_batches() == []


def other_consultation(consultation: Consultation, **values: Any) -> Consultation:
    """A second consultation beside the bundled one, which asks nothing."""
    window = {
        name: getattr(consultation, name) for name in ("opens_at", "closes_at", "published_at")
    }
    other = Consultation.objects.create(
        **({"slug": "other", "title": "Other", "summary": "", "owner": ""} | window | values)
    )
    publish_edition(consultation=other, actor=None)
    return other


@pytest.mark.parametrize("hour", [0, 1, 2, 23])
@pytest.mark.parametrize(("month", "first", "days"), [(3, 27, 3), (10, 30, 3)])
def test_a_batch_is_sealed_once_a_day_over_both_clock_changes(
    consultation: Consultation, hour: int, month: int, first: int, days: int
) -> None:
    """As beat does, through a night of 23 hours and one of 25."""
    consultation.batch_hour, consultation.opens_at = hour, london(2027, month, first - 2, 12)
    consultation.published_at, consultation.closes_at = (
        consultation.opens_at,
        london(2027, 12, 1, 0),
    )
    Batch.objects.create(
        consultation=consultation,
        number=1,
        size=0,
        sealed_at=london(2027, month, first - 1, 23, 59),
    )
    sealed = []
    now, end = (
        london(2027, month, first, 0).astimezone(UTC),
        (london(2027, month, first, 0) + timedelta(days=days)).astimezone(UTC),
    )
    while now < end:
        due = due_at(consultation=consultation, now=now)
        assert is_due(consultation=consultation, now=now) is (due is not None and due <= now)
        if due is not None and due <= now:
            Batch.objects.create(
                consultation=consultation, number=2 + len(sealed), size=0, sealed_at=now
            )
            sealed.append(now)
        now += timedelta(minutes=10)
    assert sealed == [
        daily(hour, day=date(2027, month, first) + timedelta(days=number)) for number in range(days)
    ]
    assert len({at.astimezone(LONDON).date() for at in sealed}) == days


def test_each_consultation_has_its_own_hour(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    send()
    now = london(2027, 1, 16, 4)
    opened = {
        "opens_at": now - timedelta(days=3),
        "published_at": now - timedelta(days=3),
        "closes_at": now + timedelta(days=9),
    }
    Consultation.objects.update(**opened)
    other = other_consultation(consultation, batch_hour=5, **opened)
    with behind_its_back():
        for one in (consultation, other):
            Batch.objects.create(
                consultation=one, number=1, size=0, sealed_at=now - timedelta(hours=22)
            )
    # Sealed at 6 the day before: since then it was 2 o'clock, and not yet 5.
    assert [
        (batch.consultation.slug, batch.number, batch.size) for batch in seal_due_batches(now=now)
    ] == [(consultation.slug, 2, 1)]
    with behind_its_back():
        Batch.objects.filter(number=2).update(sealed_at=now)
    later = [
        (batch.consultation.slug, batch.number, batch.size)
        for batch in seal_due_batches(now=now + timedelta(hours=1))
    ]
    assert later == [("other", 2, 0)]


@pytest.mark.parametrize(("before", "after"), [(2, 23), (23, 2), (2, 3), (1, 0)])
def test_changing_the_hour_leaves_no_day_without_a_batch(
    consultation: Consultation, before: int, after: int
) -> None:
    for minutes in range(0, 24 * 60, 30):
        changed = (london(2027, 1, 15, 0) + timedelta(minutes=minutes)).astimezone(UTC)
        with behind_its_back():
            Batch.objects.all().delete()
        consultation.opens_at = consultation.published_at = changed - timedelta(days=9)
        consultation.closes_at, consultation.batch_hour = changed + timedelta(days=9), after
        last = latest_daily(before, now=changed)
        Batch.objects.create(consultation=consultation, number=1, size=0, sealed_at=last)
        due = due_at(consultation=consultation, now=changed)
        assert due is not None
        assert max(due, changed) - last <= timedelta(days=1)


def test_the_page_says_when_the_next_batch_is_due(
    sign_in: Callable[[User], Client],
    analyst: User,
    consultation: Consultation,
    send: Send,
    exports: Path,
) -> None:
    client = sign_in(analyst)

    def told() -> str:
        return " ".join(client.get(reverse("batch-list")).content.decode().split())

    seal(consultation)
    Consultation.objects.update(batch_hour=14)
    tomorrow = next_daily(14, after=timezone.now())
    assert f"The next is due at {in_words(tomorrow)}." in told()
    with behind_its_back():
        Batch.objects.update(sealed_at=tomorrow - timedelta(days=2))
    assert (
        f"The next was due at {in_words(tomorrow - timedelta(days=1))}, and is sealed within "
        "minutes."
    ) in told()
    end(consultation, ago=timedelta(days=3))
    with behind_its_back():
        Batch.objects.update(sealed_at=timezone.now() - timedelta(days=2))
    assert "The last batch is sealed. There is another only if something arrives." in told()


# The command


def test_the_command_seals_and_writes_and_says_where(
    consultation: Consultation, send: Send, exports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    send()
    call_command("export_batch")
    call_command("export_batch", consultation.slug)
    folder = exports / consultation.slug
    assert capsys.readouterr().out.splitlines() == [
        f"Sealed batch 1 of {consultation.slug}: 1 response.",
        f"Written to {folder / 'batch-0001'}",
        f"Sealed batch 2 of {consultation.slug}: a nil return: no response was waiting.",
        f"Written to {folder / 'batch-0002'}",
    ]


def test_the_command_asks_which_of_several_consultations(
    consultation: Consultation, other: Consultation, exports: Path
) -> None:
    with pytest.raises(CommandError, match=f"Choose one of other, {consultation.slug}"):
        call_command("export_batch")
    with pytest.raises(CommandError, match="There is no consultation “nowhere”"):
        call_command("export_batch", "nowhere")


@pytest.mark.django_db
def test_the_command_without_a_consultation_says_what_to_do() -> None:
    with pytest.raises(CommandError, match="load a plan first"):
        call_command("export_batch")


def test_the_command_says_why_it_could_not_write(consultation: Consultation, exports: Path) -> None:
    (exports / consultation.slug).write_text("in the way")
    with pytest.raises(
        CommandError, match=r"It is not written yet\. The files could not be written"
    ):
        call_command("export_batch")
    assert Batch.objects.get().written_at is None


# Taking files away


def test_a_file_downloads_whole_and_the_trail_records_it(
    consultation: Consultation, send: Send, exports: Path, analyst: User
) -> None:
    send()
    batch = seal(consultation)
    folder = write(batch, exports)
    file, entry = open_file(batch=batch, name="responses.csv", reader=analyst)
    with file:
        assert file.read() == (folder / "responses.csv").read_bytes()
    assert (entry.name, entry.rows) == ("responses.csv", 1)
    noted = AuditEntry.objects.get(action=Action.BATCH_DOWNLOADED)
    assert (noted.actor, noted.subject, noted.details) == (
        analyst,
        f"{consultation.slug}/batch-0001",
        {"file": "responses.csv"},
    )


@pytest.mark.parametrize(
    "name", ["secret-key", "../../secret-key", "contacts.csv", "", "responses.csv.part"]
)
def test_only_a_batchs_own_files_can_be_downloaded(
    consultation: Consultation, exports: Path, analyst: User, name: str
) -> None:
    batch = seal(consultation)
    write(batch, exports)
    (exports / "secret-key").write_text("secret")
    with pytest.raises(NoSuchFile):
        open_file(batch=batch, name=name, reader=analyst)
    assert not AuditEntry.objects.filter(action=Action.BATCH_DOWNLOADED).exists()


@pytest.mark.parametrize("name", ["contacts.csv", "pack.zip"])
def test_the_rule_keeps_contacts_from_anyone_without_the_right(
    consultation: Consultation, send: Send, exports: Path, analyst: User, name: str
) -> None:
    send(name="Ada Respondent")
    Consultation.objects.update(batches_include_contacts=True)
    consultation.refresh_from_db()
    batch = seal(consultation)
    write(batch, exports)
    with pytest.raises(MayNotTakeContacts):
        open_file(batch=batch, name=name, reader=analyst)
    assert not AuditEntry.objects.filter(action=Action.BATCH_DOWNLOADED).exists()
    analyst.takes_contacts = True
    file, _ = open_file(batch=batch, name=name, reader=analyst)
    file.close()
    assert AuditEntry.objects.get(action=Action.BATCH_DOWNLOADED).details == {"file": name}


def test_a_missing_file_has_an_error_of_its_own(
    consultation: Consultation, exports: Path, analyst: User
) -> None:
    batch = seal(consultation)
    (write(batch, exports) / "codebook.csv").unlink()
    with pytest.raises(FileGone):
        open_file(batch=batch, name="codebook.csv", reader=analyst)


# The pages


@pytest.fixture
def address(consultation: Consultation, exports: Path) -> str:
    write(seal(consultation), exports)
    return reverse("batch-file", args=[consultation.slug, 1, "responses.csv"])


def test_an_analyst_sees_batches_and_downloads_a_file(
    sign_in: Callable[[User], Client],
    analyst: User,
    address: str,
    exports: Path,
    consultation: Consultation,
) -> None:
    client = sign_in(analyst)
    page = client.get(reverse("batch-list")).content.decode()
    assert address in page
    answer = client.get(address)
    assert (
        b"".join(answer.streaming_content)
        == (exports / consultation.slug / "batch-0001" / "responses.csv").read_bytes()
    )
    assert {
        name: answer[name]
        for name in ("Content-Disposition", "Cache-Control", "X-Content-Type-Options")
    } == {
        "Content-Disposition": (
            f'attachment; filename="{consultation.slug}-batch-0001-responses.csv"'
        ),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    assert AuditEntry.objects.filter(action=Action.BATCH_DOWNLOADED, actor=analyst).count() == 1


def test_the_button_seals_the_batch_it_names_once_however_often_pressed(
    sign_in: Callable[[User], Client],
    administrator: User,
    consultation: Consultation,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nudged: list[bool] = []
    monkeypatch.setattr("responses.exporting.views.batches.nudge", lambda task: nudged.append(True))  # noqa: ARG005
    send()
    client = sign_in(administrator)
    for _ in range(2):
        answer = client.post(
            reverse("batch-now"), {"consultation": consultation.slug, "number": "1"}, follow=True
        )
        assert "Batch 1 is sealed: 1 response." in answer.content.decode()
    batch = Batch.objects.get()
    assert (batch.sealed_by, batch.size, nudged) == (administrator, 1, [True, True])


def test_the_page_shows_the_state_of_each_batch(
    sign_in: Callable[[User], Client], analyst: User, consultation: Consultation, exports: Path
) -> None:
    client = sign_in(analyst)
    page = client.get(reverse("batch-list")).content.decode()
    assert "No batch has been sealed yet." in page
    batch = seal(consultation)
    assert "Being written" in client.get(reverse("batch-list")).content.decode()
    Batch.objects.update(failure="The files could not be written: <No space>.")
    assert (
        "Not written</strong><br>The files could not be written: &lt;No space&gt;."
        in client.get(reverse("batch-list")).content.decode()
    )
    write(batch, exports)
    assert "Written</strong>" in client.get(reverse("batch-list")).content.decode()


def test_the_list_of_batches_takes_a_constant_number_of_queries(
    sign_in: Callable[[User], Client],
    analyst: User,
    consultation: Consultation,
    exports: Path,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client = sign_in(analyst)
    for _ in (1, 3):
        write(seal(consultation), exports)
        # The session, the person, batches, what is being written, consultations, who waits, what
        # is due.
        with django_assert_num_queries(7):
            client.get(reverse("batch-list"))


def test_only_roles_with_the_right_see_batches(
    sign_in: Callable[[User], Client],
    reviewer: User,
    analyst: User,
    editor: User,
    administrator: User,
    outsider: Client,
    address: str,
    consultation: Consultation,
) -> None:
    def asked(client: Client) -> list[int]:
        number = Batch.objects.count() + 1
        return [
            client.get(reverse("batch-list")).status_code,
            client.get(address).status_code,
            client.post(
                reverse("batch-now"), {"consultation": consultation.slug, "number": number}
            ).status_code,
        ]

    may, may_not, sign_in_first = [200, 200, 302], [403, 403, 403], [302, 302, 302]
    assert {
        person.role: asked(sign_in(person)) for person in (reviewer, analyst, editor, administrator)
    } == {
        "reviewer": may_not,
        "analyst": may,
        "editor": may_not,
        "administrator": may,
    }
    assert asked(outsider) == sign_in_first
    assert Batch.objects.count() == 3
    assert outsider.get(address)["Location"].startswith(reverse("sign-in"))


def test_urls_of_batches_that_do_not_exist_are_not_found(
    sign_in: Callable[[User], Client],
    analyst: User,
    address: str,
    consultation: Consultation,
    exports: Path,
) -> None:
    client = sign_in(analyst)
    for wrong in [
        address.replace("/1/", "/2/"),
        address.replace(consultation.slug, "other"),
        address.replace("responses.csv", "x"),
    ]:
        assert client.get(wrong).status_code == 404
    assert client.post(reverse("batch-now"), {"consultation": "other"}).status_code == 404
    assert client.get(reverse("batch-now")).status_code == 405
    (exports / consultation.slug / "batch-0001" / "responses.csv").unlink()
    missing = client.get(address)
    assert (missing.status_code, "This file is missing" in missing.content.decode()) == (404, True)


# The document


def test_the_document_names_every_file_and_column(
    consultation: Consultation,
    send: Send,
    exports: Path,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    settings.SIGNING_KEY_FILE = tmp_path_factory.mktemp("keys") / "signing-key.pem"
    call_command("make_signing_key")
    document = (Path(settings.BASE_DIR) / "docs" / "batches.md").read_text(encoding="utf-8")
    Consultation.objects.update(batches_include_contacts=True)
    send(submission_key=uuid4())
    batch = seal(Consultation.objects.get())
    folder = write(batch, exports)
    named = {line.split("`")[1] for line in document.splitlines() if line.startswith("| `")}
    columns = [column.name for table in TABLES.values() for column in table.columns]
    apart = {"equality.csv", "equality-stopped.csv", "codes.csv", NOT_ASKED_COLUMN}
    apart |= {"attachments.csv", "attachments/", "petitions"}
    apart |= {"not_in_our_records", "made_again_instead_of"}
    lines = [
        json.loads((folder / name).read_text())
        for name in ("responses.jsonl", "manifest.json", "manifest.sig")
    ]
    files = {
        f"{name.rpartition('/')[0]}/" if "question_part" in name else name
        for name in content_of(folder)
    }
    files = {re.sub(r"question_part_\d+", "question_part_N", name) for name in files}
    assert named == {*files, *apart, *columns, *(name for line in lines for name in line)}
