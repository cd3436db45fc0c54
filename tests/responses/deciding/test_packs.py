"""Decision packs: nothing that was said is missing from them, they stay what they were, and the
record says what was before those who decided.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Action, AuditEntry, Consultation, User
from responses.deciding.decisions import (
    ChangedSinceSealed,
    DecidedMeanwhile,
    NoSuchOutcome,
    NotOpened,
    WhyMissing,
    decide_point,
    open_pack,
    opened_points,
)
from responses.deciding.feeding import feed_code, feed_passage
from responses.deciding.pack_contents import Contents
from responses.deciding.pack_files import stored_in, write_pack
from responses.deciding.packs import (
    NothingToDecide,
    PointsNotReady,
    SomethingLeadsNowhere,
    SummaryMissing,
)
from responses.deciding.points import change_point
from responses.deciding.reasons import name_reason
from responses.exporting.signing import make_key
from responses.exporting.verifying.ed25519 import signature_holds
from responses.governance.erasing import erase_response
from responses.governance.reconciling import go_through
from responses.models import (
    Code,
    DecisionPack,
    Message,
    PackOpening,
    PackPoint,
    Point,
    PointDecision,
    Response,
)
from responses.reviewing.coding import code_answer
from responses.reviewing.reviews import move_review
from tests.responses.deciding.amending import amended
from tests.support.points import KEPT, READY
from tests.support.pressing import press

Make = Callable[..., Point]
Send = Callable[..., Response]


def content_of(pack: DecisionPack, exports: Path, name: str) -> str:
    return (exports / stored_in(pack) / name).read_text()


def test_no_pack_is_sealed_while_one_answer_leads_nowhere(
    seal: Callable[..., DecisionPack], ready: Make, send: Send, reviewer: User
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))
    left = send({"missing": "Wait until it was evaluated."})
    with pytest.raises(SomethingLeadsNowhere) as caught:
        seal()
    assert caught.value.weighing.nowhere == 1
    assert DecisionPack.objects.count() == 0
    name_reason(response=left, question="missing", reason="off-subject", by=reviewer)
    assert seal().number == 1


def test_no_pack_is_sealed_while_a_message_waits(
    seal: Callable[..., DecisionPack], ready: Make, send: Send, consultation: Consultation
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))
    Message.objects.create(consultation=consultation, sha256="0" * 64)
    with pytest.raises(SomethingLeadsNowhere):
        seal()
    assert seal(unweighed_reason="It is an advertisement.").contents["weighing"]["messages"] == 1


def test_a_pack_sealed_all_the_same_names_what_leads_nowhere_and_why(
    seal: Callable[..., DecisionPack], ready: Make, send: Send, exports: Path
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))
    left = send({"missing": "Wait until it was evaluated."})
    pack = seal(unweighed_reason="It came an hour ago.")
    page = content_of(pack, exports, "pack.html")
    for words in ("It came an hour ago.", "rosa", left.reference, "Wait until it was evaluated."):
        assert words in page
    manifest = json.loads(content_of(pack, exports, "manifest.json"))
    assert manifest["sealed_although"] == "It came an hour ago."
    assert manifest["weighing"]["nowhere"] == 1


def test_a_reason_that_nothing_needs_is_not_printed(
    seal: Callable[..., DecisionPack], ready: Make, send: Send
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))
    assert seal(unweighed_reason="Hurry.").unweighed_reason == ""


def test_a_pack_needs_a_summary_and_points_that_are_ready(
    seal: Callable[..., DecisionPack], point: Make, send: Send, ready: Make
) -> None:
    with pytest.raises(NothingToDecide):
        seal()
    ready("More clubs.", send({"missing": "Clubs."}))
    with pytest.raises(SummaryMissing):
        seal(summary=" ")
    late = point("More lights.")
    with pytest.raises(PointsNotReady) as caught:
        seal()
    assert caught.value.numbers == [late.number]
    assert DecisionPack.objects.count() == 0


def test_what_one_person_said_in_any_way_reaches_the_pack(
    seal: Callable[..., DecisionPack],
    ready: Make,
    send: Send,
    exports: Path,
    reviewer: User,
) -> None:
    """The points planted: alone among many, in Punjabi, keyed by hand, amended, and in the words
    that covered an attachment.
    """
    many = [send({"missing": "More clubs."}) for _ in range(3)]
    clubs = ready("More clubs.", many[0])
    for response in many[1:]:
        feed_passage(point=clubs, response=response, question="missing", passage="", by=reviewer)
    alone = send({"missing": "Clubs are fine. Wait until the technology has been evaluated."})
    punjabi = send({"missing": "ਨਵੀਂ ਤਕਨੀਕ ਦੀ ਜਾਂਚ ਹੋਣ ਤੱਕ ਉਡੀਕ ਕਰੋ।"})
    keyed = send({"missing": "Put a bench by the station."}, channel="post")
    covering = send({"missing": "Attached. Also mend the lamp in Low Lane."}, channel="email")
    early = send({"missing": "Nothing."})
    second = amended(early, {"missing": "Train every officer in signing."})
    planted = {
        "Wait for an evaluation.": (alone, "Wait until the technology has been evaluated."),
        "Wait for tests.": (punjabi, "ਨਵੀਂ ਤਕਨੀਕ ਦੀ ਜਾਂਚ ਹੋਣ ਤੱਕ ਉਡੀਕ ਕਰੋ।"),
        "A bench.": (keyed, "bench by the station"),
        "Mend the lamp.": (covering, "mend the lamp in Low Lane"),
        "Teach signing.": (second, "Train every officer in signing."),
    }
    with pytest.raises(SomethingLeadsNowhere) as caught:
        seal()
    assert caught.value.weighing.nowhere == len(planted)
    for sentence, (response, words) in planted.items():
        ready(sentence, response, passage=words)
    pack = seal()
    page = content_of(pack, exports, "pack.html")
    contents = Contents(pack)
    said = {one.content["sentence"]: one for one in contents.points()}
    for sentence, (response, words) in planted.items():
        assert sentence in page
        assert words in page
        assert said[sentence].single
        assert [(one.reference, one.words) for one in said[sentence].quotes] == [
            (response.reference, words)
        ]
    assert {one.reference for one in contents.single_voices()} == {
        response.reference for response, _words in planted.values()
    }
    assert not said["More clubs."].single


def test_a_pack_has_everything_that_the_decision_rests_on(
    seal: Callable[..., DecisionPack],
    ready: Make,
    send: Send,
    exports: Path,
    reviewer: User,
) -> None:
    organisation = send(
        {
            "missing": "Clubs.",
            "violence-agree": "agree",
            "capacity": "organisation",
            "organisation-name": "Clubs for All",
        },
        name="Nora Name",
        email="nora@example.org",
    )
    ready("More clubs.", organisation, change="wording", new_wording="Many clubs.")
    hello = send({"missing": "Hello there."})
    name_reason(response=hello, question="missing", reason="off-subject", by=reviewer)
    aside = send({"violence-agree": "agree"})
    move_review(
        review=aside.review,
        to_state="set-aside",
        note="A test of the form.",
        version=0,
        by=reviewer,
    )
    page = content_of(seal(), exports, "pack.html")
    for words in (
        "What they said.",
        "We agree.",
        "Many clubs.",
        "Clubs for All",
        "Hello there.",
        "Off the subject of this consultation",
        "A test of the form.",
        "Equality questions",
        "3 responses came in",
    ):
        assert words in page, words
    assert "Nora Name" not in page
    assert "nora@example.org" not in page


def test_a_pack_is_sealed_as_a_batch_is(
    seal: Callable[..., DecisionPack],
    ready: Make,
    send: Send,
    exports: Path,
    tmp_path: Path,
    settings: Any,
) -> None:
    settings.SIGNING_KEY_FILE = str(tmp_path / "key.pem")
    public = make_key()
    ready("More clubs.", send({"missing": "Clubs."}))
    first, second = seal(), seal()
    folder = exports / stored_in(first)
    manifest = (folder / "manifest.json").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == first.manifest_sha256
    said = json.loads(manifest)
    for file in said["files"]:
        assert hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]
    assert [file["name"] for file in said["files"]] == ["pack.html", "register.jsonl"]
    signature = json.loads((folder / "manifest.sig").read_text())
    assert signature["public_key"] == public
    assert signature_holds(bytes.fromhex(public), manifest, bytes.fromhex(signature["signature"]))
    later = json.loads(content_of(second, exports, "manifest.json"))
    assert (said["previous_manifest_sha256"], later["previous_manifest_sha256"]) == (
        None,
        first.manifest_sha256,
    )


def test_a_pack_says_what_it_said_whatever_happens_to_the_register(
    seal: Callable[..., DecisionPack], ready: Make, send: Send, reviewer: User, exports: Path
) -> None:
    made = ready("More clubs.", send({"missing": "Clubs."}))
    pack = seal()
    before = content_of(pack, exports, "pack.html")
    change_point(
        point=made, version=2, by=reviewer, **{**KEPT, **READY, "sentence": "Fewer clubs."}
    )
    amended(Response.objects.get(), {"missing": "Lights."})
    for file in (exports / stored_in(pack)).iterdir():
        file.unlink()
    DecisionPack.objects.filter(pk=pack.pk).update(manifest_sha256="", files=[])
    pack.manifest_sha256 = ""
    sealed = hashlib.sha256(before.encode()).hexdigest()
    write_pack(pack)
    again = content_of(pack, exports, "pack.html")
    assert hashlib.sha256(again.encode()).hexdigest() == sealed


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE responses_decisionpack SET summary = 'Other.'",
        "UPDATE responses_decisionpack SET contents = '{}'",
        "DELETE FROM responses_decisionpack",
        "UPDATE responses_packpoint SET answers = '[]'",
        "UPDATE responses_pointdecision SET outcome = 'agreed'",
        "DELETE FROM responses_pointdecision",
    ],
)
def test_what_was_sealed_and_decided_cannot_be_changed_in_the_database(
    statement: str,
    seal: Callable[..., DecisionPack],
    ready: Make,
    send: Send,
    decision_maker: User,
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))
    row = seal().points.get()
    open_pack(pack=row.pack, point=row, by=decision_maker)
    decide_point(point=row, outcome="not-agreed", reason="No.", by=decision_maker)
    with pytest.raises(DatabaseError, match=r"stays as it is|append-only"), transaction.atomic():
        connection.cursor().execute(statement)


def test_erased_words_leave_the_pages_and_the_files_of_a_pack(
    seal: Callable[..., DecisionPack],
    ready: Make,
    send: Send,
    reviewer: User,
    exports: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    response = send({"missing": "My secret hope."})
    ready("A hope.", response)
    ready("Another.", send({"missing": "Lights."}))
    pack = seal()
    first = pack.manifest_sha256
    assert "My secret hope." in content_of(pack, exports, "pack.html")
    with django_capture_on_commit_callbacks(execute=True):
        erase_response(reference=response.reference, actor=reviewer, why="asked")
    assert not [one for one in exports.rglob("*") if one.is_file() and "decision" in str(one)]
    pack.refresh_from_db()
    assert (pack.manifest_sha256, pack.instead_of) == ("", [first])
    (erased,) = Contents(pack).point(pack.points.get(number=1)).quotes
    assert erased.words == "Erased since."
    write_pack(pack)
    page = content_of(pack, exports, "pack.html")
    assert "My secret hope." not in page
    assert "Lights." in page
    manifest = json.loads(content_of(pack, exports, "manifest.json"))
    assert manifest["made_again_instead_of"] == [first]


def test_a_pack_of_others_keeps_its_files_when_someone_is_erased(
    seal: Callable[..., DecisionPack], ready: Make, send: Send, reviewer: User
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))
    other = send({"violence-agree": "agree"})
    pack = seal()
    erase_response(reference=other.reference, actor=reviewer, why="asked")
    pack.refresh_from_db()
    assert pack.manifest_sha256
    assert pack.instead_of == []


def test_a_point_is_decided_by_someone_who_had_it_before_them(
    seal: Callable[..., DecisionPack], ready: Make, send: Send, decision_maker: User
) -> None:
    for number in range(3):
        ready(f"Point {number}.", send({"missing": "Clubs."}))
    pack = seal()
    first, second, _third = pack.points.all()
    with pytest.raises(NotOpened):
        decide_point(point=first, outcome="agreed", reason="", by=decision_maker)
    for row in (second, first):
        open_pack(pack=pack, point=row, by=decision_maker)
    decision = decide_point(point=first, outcome="agreed", reason="", by=decision_maker)
    assert decision.before == {
        "manifest_sha256": pack.manifest_sha256,
        "point_version": 2,
        "opened": [1, 2],
        "of": 3,
    }
    assert Point.objects.get(number=1).status == Point.Status.DECIDED
    entry = AuditEntry.objects.filter(action=Action.POINT_DECIDED).get()
    assert (entry.actor, entry.details) == (decision_maker, {"outcome": "agreed", "version": 2})


def test_a_decision_is_one_of_the_list_and_a_refusal_says_why(
    seal: Callable[..., DecisionPack], ready: Make, send: Send, decision_maker: User
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))
    row = seal().points.get()
    open_pack(pack=row.pack, point=row, by=decision_maker)
    with pytest.raises(NoSuchOutcome):
        decide_point(point=row, outcome="maybe", reason="Hm.", by=decision_maker)
    for outcome in ("partly", "not-agreed"):
        with pytest.raises(WhyMissing):
            decide_point(point=row, outcome=outcome, reason=" ", by=decision_maker)
    assert PointDecision.objects.count() == 0


def test_the_second_of_two_who_decide_is_told(
    seal: Callable[..., DecisionPack],
    ready: Make,
    send: Send,
    decision_maker: User,
    administrator: User,
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))
    row = seal().points.get()
    for person in (decision_maker, administrator):
        open_pack(pack=row.pack, point=row, by=person)
    first = decide_point(point=row, outcome="agreed", reason="", by=decision_maker)
    with pytest.raises(DecidedMeanwhile):
        decide_point(point=row, outcome="not-agreed", reason="No.", by=administrator)
    decide_point(point=row, outcome="not-agreed", reason="No.", by=administrator, after=first.pk)
    assert PointDecision.objects.count() == 2


def test_nobody_decides_on_a_version_that_is_no_more(
    seal: Callable[..., DecisionPack],
    ready: Make,
    send: Send,
    reviewer: User,
    decision_maker: User,
) -> None:
    made = ready("More clubs.", send({"missing": "Clubs."}))
    row = seal().points.get()
    open_pack(pack=row.pack, point=row, by=decision_maker)
    change_point(
        point=made, version=2, by=reviewer, **{**KEPT, **READY, "answer": "We do not agree."}
    )
    with pytest.raises(ChangedSinceSealed):
        decide_point(point=row, outcome="agreed", reason="", by=decision_maker)


def test_the_integrity_check_passes_after_packs_and_decisions(
    seal: Callable[..., DecisionPack],
    ready: Make,
    send: Send,
    code: Code,
    reviewer: User,
    decision_maker: User,
) -> None:
    response = send({"missing": "Clubs."})
    made = ready("More clubs.", response)
    code_answer(response=response, question="missing", codes=[code], by=reviewer)
    feed_code(point=made, code=code, by=reviewer)
    row = seal().points.get()
    open_pack(pack=row.pack, point=row, by=decision_maker)
    decide_point(point=row, outcome="agreed", reason="", by=decision_maker)
    assert go_through().differences == []


def test_openings_are_kept_with_the_first_and_the_last_time(
    seal: Callable[..., DecisionPack], ready: Make, send: Send, decision_maker: User
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))
    pack = seal()
    for _ in range(2):
        open_pack(pack=pack, by=decision_maker)
    opening = PackOpening.objects.get()
    assert opening.first_at <= opening.last_at <= timezone.now()
    assert opened_points(pack, decision_maker) == []
    assert AuditEntry.objects.filter(action=Action.PACK_READ).count() == 2


def test_an_officer_seals_and_the_decision_maker_decides_on_pages(
    consultation: Consultation,
    ready: Make,
    send: Send,
    reviewer: User,
    decision_maker: User,
    sign_in: Callable[[User], Client],
    exports: Path,
) -> None:
    ready("More clubs.", send({"missing": "Clubs & <i>lights</i>."}))
    rosa, deborah = sign_in(reviewer), sign_in(decision_maker)
    address = reverse("seal-pack", args=[consultation.slug])
    page = press(rosa, address, {"summary": ""})
    assert 'href="#summary"' in page.content.decode()
    page = press(rosa, address, {"summary": "What they said."}, follow=True)
    assert "Decision pack 1 is sealed." in page.content.decode()
    home = deborah.get(reverse("staff-home"), follow=True)
    assert home.redirect_chain[-1][0] == reverse("packs-to-decide")
    pack = reverse("pack", args=[consultation.slug, 1])
    assert pack in home.content.decode()
    assert "Not yet" in deborah.get(pack).content.decode()
    point = reverse("pack-point", args=[consultation.slug, 1, 1])
    page = press(deborah, point, {"outcome": "not-agreed", "reason": ""})
    assert 'href="#reason"' in page.content.decode()
    assert "Clubs &amp; &lt;i&gt;lights&lt;/i&gt;." in page.content.decode()
    hidden = {"after": "0", "outcome": "not-agreed", "reason": "Too dear."}
    page = deborah.post(point, hidden, follow=True)
    assert "Your decision is on record." in page.content.decode()
    page = deborah.post(point, {**hidden, "reason": "Again."})
    assert "A colleague decided on it" in page.content.decode()
    assert "Too dear." in page.content.decode()
    assert "Again." in page.content.decode()
    assert PackPoint.objects.get().decisions.count() == 1
    file = deborah.get(reverse("pack-file", args=[consultation.slug, 1, "pack.html"]))
    assert file["Content-Disposition"].startswith("attachment")
    assert "Clubs &amp; &lt;i&gt;" in file.content.decode()
    assert deborah.get(point.replace("/1/1/", "/1/files/other")).status_code == 404


def test_what_was_typed_stays_when_a_pack_cannot_be_sealed(
    consultation: Consultation,
    ready: Make,
    send: Send,
    reviewer: User,
    exports: Path,
    sign_in: Callable[[User], Client],
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))
    send({"missing": "Wait."})
    address = reverse("seal-pack", args=[consultation.slug])
    page = press(sign_in(reviewer), address, {"summary": "My long summary."})
    assert "My long summary." in page.content.decode()
    assert 'href="#reason"' in page.content.decode()
    assert 'id="reason"' in page.content.decode()


def test_a_pack_whose_files_cannot_be_stored_is_not_sealed(
    consultation: Consultation,
    ready: Make,
    send: Send,
    reviewer: User,
    exports: Path,
    sign_in: Callable[[User], Client],
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))
    (exports / consultation.slug).write_text("A file where the folder should be.")
    address = reverse("seal-pack", args=[consultation.slug])
    page = press(sign_in(reviewer), address, {"summary": "What they said."})
    assert "could not be stored" in page.content.decode()
    assert DecisionPack.objects.count() == 0
