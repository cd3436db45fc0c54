"""What is held about one person: all of it is found and handed over, nobody else's, and looking
leaves no words behind.
"""

import json
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import AuditEntry, User
from consult.plans.editions import plan_of
from responses.answers import read_answers, read_equality_answers
from responses.governance.matching_names import names_near
from responses.governance.personal_data import NothingAboutThem
from responses.governance.subject_access import (
    find_person,
    make_pack,
)
from responses.models import Confirmation, Draft, Message, Response, Transcription
from responses.receipt_tokens import receipt_token
from responses.responding.amending import amend_response
from responses.responding.drafting import save_part, start_amending, start_draft
from responses.responding.equality import give_equality_answers
from responses.responding.resending import correct_address
from responses.responding.submitting import Submission
from responses.reviewing.reviews import add_note

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
LETTER = b"From: Rita Respondent <rita@example.org>\nSubject: Hello\n\nMore buses.\n"


def write(draft: Draft, words: str) -> None:
    """Let the draft say this and nothing else."""
    draft.kept.all().delete()
    name = "violence-comment"
    save_part(draft=draft, part="violence", fields=[name], values={name: words}, done=None)


@pytest.fixture
def rita(send: Send, reviewer: User, files: Path) -> Response:
    """Someone of whom there is something everywhere; and Otto, of whom none of it is."""
    first = send(
        {"violence-comment": "My first words."}, name="Rita J. Respondent", email="rita@example.org"
    )
    Confirmation.objects.update(state="failed")
    correct_address(response=first, email="rita.again@example.org")
    plan = plan_of(first.edition)
    second = amend_response(
        earlier=first,
        submission=Submission(
            edition=first.edition,
            submission_key=uuid4(),
            answers=read_answers(plan, {"violence-comment": "My second words."}),
            contact={
                "name": "Rita J. Respondent",
                "email": "rita@example.org",
                "postcode_district": "SE1",
            },
            started_at=timezone.now(),
        ),
    ).response
    add_note(review=second.review, note="She telephoned.", by=reviewer)
    said = read_equality_answers(plan, {"equality-age": "16-to-24"})
    give_equality_answers(
        consultation=first.consultation,
        edition=first.edition,
        token=receipt_token(first),
        answers=said,
    )
    change, _ = start_amending(response=second, started_at=timezone.now())
    write(change, "My third words.")
    for email, words in (("RITA@example.org", "Not sent."), ("otto@example.org", "Otto's own.")):
        draft, _ = start_draft(consultation=first.consultation, started_at=timezone.now())
        write(draft, words)
        draft.links.create(email=email, message_id=email)
    for name, content in (
        ("scan.pdf", b"%PDF-rita"),
        ("letter.eml", LETTER),
        ("otto.eml", LETTER.replace(b"Rita", b"Otto").lower()),
    ):
        default_storage.save(name, ContentFile(content))
    keyed = Transcription.objects.create(
        response=second, received_on=timezone.localdate(), keyed_by=reviewer
    )
    keyed.attachments.create(
        file="scan.pdf", kind="application/pdf", bytes=7, sha256="0" * 64, by=reviewer
    )
    Message.objects.create(
        consultation=first.consultation,
        file="letter.eml",
        sha256="0" * 64,
        sender_name="Rita Respondent",
        sender_email="rita@example.org",
    )
    send({"violence-comment": "Otto's words."}, name="Otto Respondent", email="otto@example.org")
    return second


def confirm(client: Client) -> None:
    """As if the password had been given again just now."""
    session = client.session
    session["confirmed_at"] = int(time.time())
    session.save()


@pytest.mark.parametrize(
    "words",
    [
        "rita@example.org",
        "Rita@Example.ORG",
        "rita.again@example.org",
        "rita respondent",
        "Respondent Rita",
    ],
)
def test_a_person_is_found_by_each_thing_that_they_may_give(rita: Response, words: str) -> None:
    assert find_person(words=words, actor=None).references == [rita.reference]


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ("Sean O’Neill", "O'Neill"),
        ("Sean O'Neill", "ONeill"),
        ("Sean O Neill", "sean o’neill"),
        ("Siân Pugh", "Sian"),
        ("Zoe\u0308 Anne-Marie", "Zoë"),
        ("Zoë Anne-Marie", "Zoe Anne Marie"),
        ("Anne Marie", "ANNE\u2011MARIE"),
        ("Łukasz Müller", "lukasz muller"),
        ("So\xadphie\u200b Hall", "Sophie\xa0Hall"),
        ("İnci", "inci"),
        ("王小明", "小明"),
        ("ＷＩＤＥ Name", "wide name"),
    ],
)
def test_a_name_is_found_however_it_was_typed(send: Send, held: str, asked: str) -> None:
    reference = send({"missing": "Mine."}, name=held).reference
    send({"missing": "Not mine."}, name="Otto Other")
    assert find_person(words=asked, actor=None).references == [reference]


def test_an_address_is_found_whatever_its_apostrophe(send: Send) -> None:
    reference = send({"missing": "Mine."}, email="o'brien@example.org").reference
    for asked in ("O'Brien@example.org", "o’brien@example.org", " o'brien@example.org\xa0"):
        assert find_person(words=asked, actor=None).references == [reference]


def test_signs_alone_are_nobodys_name(rita: Response) -> None:
    for asked in ("-", "%", "'", "_ _"):
        assert find_person(words=asked, actor=None).references == []


def test_near_names_are_offered_and_exact_ones_are_not(rita: Response, send: Send) -> None:
    send({"missing": "x"}, name="Catherine Smyth")
    for asked in ("Cathrine", "Catherinne Smyth", "Smiht Catherine", "Cahterine"):
        near = names_near(asked)
        assert near == ([] if "Smiht" in asked else ["Catherine Smyth"])
    assert names_near("Catherine") == []
    assert names_near("catherine@example.org") == []


def test_the_page_offers_near_names_as_such(
    rita: Response, administrator: User, sign_in: Callable[[User], Client]
) -> None:
    page = sign_in(administrator).post(reverse("people"), {"words": "Rita Respondant"})
    assert "Rita J. Respondent" in page.content.decode()
    assert "may be other people’s" in page.content.decode()


def test_a_person_is_found_by_reference_however_it_is_written(rita: Response, send: Send) -> None:
    other = send()
    assert find_person(words=rita.reference.lower().replace("-", " "), actor=None).references == [
        rita.reference
    ]
    assert find_person(
        words=f" {rita.reference} {other.reference}", actor=None
    ).references == sorted([rita.reference, other.reference])


@pytest.mark.parametrize("words", ["", "  ", "rita@example", "Rita Nobody", "%", "words"])
def test_someone_who_sent_nothing_is_not_found(rita: Response, words: str) -> None:
    held = find_person(words=words, actor=None)
    assert (held.references, held.drafts, held.letters) == ([], [], [])
    with pytest.raises(NothingAboutThem):
        make_pack(held=held, actor=None)


def test_the_pack_has_everything_and_nothing_of_anyone_else(rita: Response) -> None:
    held = find_person(words="rita@example.org", actor=None)
    with ZipFile(BytesIO(make_pack(held=held, actor=None))) as pack:
        names, contents = pack.namelist(), {name: pack.read(name) for name in pack.namelist()}
    scan = rita.transcription.attachments.get()
    assert names == [
        "read-me.html",
        "everything.json",
        f"scans/{rita.reference}-{scan.pk}.pdf",
        f"emails/{held.letters[0].pk}.eml",
    ]
    assert contents[names[2]] == b"%PDF-rita"
    assert contents[names[3]] == LETTER
    everything = json.loads(contents["everything.json"])
    [response] = everything["responses"]
    assert [version["answers"] for version in response["versions"]] == [
        {"violence-comment": "My first words."},
        {"violence-comment": "My second words."},
    ]
    # Nobody can tell which are hers.
    assert response["answered_equality_questions"]
    assert "16-to-24" not in contents["everything.json"].decode()
    for words in (
        "My first words",
        "My second words",
        "My third words",
        "Not sent",
        "She telephoned",
        "rita.again@example.org",
        "SE1",
    ):
        assert words in contents["everything.json"].decode()
        assert words in contents["read-me.html"].decode()
    for words in (b"otto@", b"otto's", b"otto respondent"):
        assert words not in b"".join(contents.values()).lower()


def test_nothing_a_person_wrote_runs_where_the_pack_is_read(send: Send) -> None:
    response = send(
        {"violence-comment": "<script>alert(1)</script>"}, name="<img src=x onerror=alert(1)>"
    )
    with ZipFile(
        BytesIO(make_pack(held=find_person(words=response.reference, actor=None), actor=None))
    ) as pack:
        page = pack.read("read-me.html")
    assert b"<script" not in page
    assert b"<img" not in page
    assert b"&lt;script&gt;" in page


def test_searches_and_downloads_are_recorded_without_the_words(
    rita: Response, administrator: User
) -> None:
    make_pack(held=find_person(words="Rita Respondent", actor=administrator), actor=administrator)
    entries = AuditEntry.objects.filter(action__startswith="person_").order_by("pk")
    unsent = {"drafts": 0, "letters": 1, "rows": 0, "petitions": 0}
    assert [(entry.action, entry.actor, entry.subject, entry.details) for entry in entries] == [
        ("person_looked_for", administrator, "", {"responses": 1} | unsent),
        ("person_taken", administrator, rita.reference, {}),
        ("person_taken", administrator, "", unsent),
    ]


def test_finding_a_person_asks_for_the_password_first(
    rita: Response, administrator: User, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(administrator)
    page = client.post(reverse("people"), {"words": "rita@example.org"})
    assert f'value="{rita.reference}" checked' in page.content.decode()
    assert "equality-age" not in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    # By GET nothing is looked for.
    assert (
        rita.reference
        not in client.get(reverse("people"), {"words": "rita@example.org"}).content.decode()
    )
    address = f"{reverse('person-pack')}?reference={rita.reference}"
    assert client.get(address).headers["Location"].startswith(reverse("confirm"))
    confirm(client)
    taken = client.get(address)
    assert taken["Content-Disposition"].startswith("attachment")
    with ZipFile(BytesIO(taken.content)) as pack:
        assert "read-me.html" in pack.namelist()
    assert client.get(reverse("person-pack")).status_code == 404


def test_erasing_on_the_page_needs_the_reference_typed(
    rita: Response, administrator: User, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(administrator)
    address = reverse("erase", args=[rita.reference])
    assert client.get(address).headers["Location"].startswith(reverse("confirm"))
    confirm(client)
    assert "What goes" in client.get(address).content.decode()
    other = Response.objects.exclude(reference=rita.reference).get().reference
    for typed in ("", "nonsense", other):
        page = client.post(address, {"typed": typed, "why": "asked by letter"})
        assert "There is a problem" in page.content.decode()
    assert client.post(address, {"typed": rita.reference, "why": ""}).status_code == 200
    assert not Response.objects.filter(act="erased").exists()
    newest = Response.objects.filter(reference=rita.reference).latest("version")
    assert (
        client.post(
            address,
            {"typed": rita.reference.lower(), "why": "asked by letter", "version": newest.version},
        ).status_code
        == 302
    )
    assert list(Response.objects.filter(act="erased").values_list("reference", flat=True)) == [
        rita.reference
    ]
    assert AuditEntry.objects.get(action="response_erased").actor == administrator
    assert "It has already been erased" in client.get(address).content.decode()
    assert Response.objects.get(reference=other).texts == {"violence-comment": "Otto's words."}


def test_the_command_writes_a_pack_that_only_its_owner_reads(
    rita: Response, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = tmp_path / "rita.zip"
    call_command("find_person", "rita@example.org", "--pack", str(pack))
    assert rita.reference in capsys.readouterr().out
    assert pack.stat().st_mode & 0o077 == 0
    with pytest.raises(CommandError, match="could not be written"):
        call_command("find_person", "rita@example.org", "--pack", str(pack))
    with pytest.raises(CommandError, match="Nothing is held"):
        call_command("find_person", "nobody@example.org", "--pack", str(tmp_path / "none.zip"))


@pytest.mark.parametrize("words", ["TESS@example.org", "Tess O'Sender"])
def test_someone_whose_email_was_entered_without_their_name_is_found(
    words: str, send: Callable[..., Response], reviewer: User, administrator: User
) -> None:
    entered = send({"missing": "Mine."}, name="", email="")
    message = Message.objects.create(
        consultation=entered.consultation,
        file="tess.eml",
        sha256="1" * 64,
        sender_name="Tess O’Sender",
        sender_email="tess@example.org",
        state=Message.State.RESPONSE,
    )
    Transcription.objects.create(
        response=entered,
        received_on=timezone.localdate(),
        keyed_by=reviewer,
        message=message,
    )
    send({"missing": "Another's."}, name="Otto Respondent", email="otto@example.org")
    held = find_person(words=words, actor=administrator)
    assert (held.references, held.letters) == ([entered.reference], [])
