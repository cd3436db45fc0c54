"""Erasing reaches whatever a decision pack has of someone, and leaves it a true manifest."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import transaction
from django.test import Client
from django.urls import reverse

from consult.models import Consultation, User
from responses.deciding.decisions import decide_point, open_pack
from responses.deciding.pack_files import stored_in, write_pack
from responses.governance.erasing import erase_response
from responses.governance.erasing_again import finish_erasure
from responses.models import DecisionPack, Point, PointDecision, Response
from responses.reviewing.reviews import move_review
from tests.responses.deciding.test_packs import content_of

Seal = Callable[..., DecisionPack]
Ready = Callable[..., Point]
Send = Callable[..., Response]


@pytest.fixture
def pack(seal: Seal, ready: Ready, send: Send) -> DecisionPack:
    """A pack with a point that two people make."""
    first = send({"missing": "My secret hope."})
    ready("A hope.", first)
    ready("Lights.", send({"missing": "Lights."}))
    return seal()


def erase(pack: DecisionPack, by: User) -> DecisionPack:
    """Erase the response that made the first point of a pack."""
    response = Response.objects.get(pk=pack.points.get(number=1).answers[0][0])
    erase_response(reference=response.reference, actor=by, why="asked")
    pack.refresh_from_db()
    return pack


def test_a_note_on_what_was_set_aside_leaves_the_files_of_a_pack(
    seal: Seal, ready: Ready, send: Send, reviewer: User, exports: Path
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))
    aside = send({"violence-agree": "agree"})
    move_review(
        review=aside.review, to_state="set-aside", note="His brother Tom.", version=0, by=reviewer
    )
    pack = seal()
    assert "His brother Tom." in content_of(pack, exports, "pack.html")
    erase_response(reference=aside.reference, actor=reviewer, why="asked")
    pack.refresh_from_db()
    assert pack.manifest_sha256 == ""
    write_pack(pack)
    page = content_of(pack, exports, "pack.html")
    assert "His brother Tom." not in page
    assert aside.reference in page


def test_an_erasure_that_comes_back_after_a_restore_reaches_packs_too(
    pack: DecisionPack, reviewer: User
) -> None:
    sealed_as = pack.manifest_sha256
    response = Response.objects.get(pk=pack.points.get(number=1).answers[0][0])
    with transaction.atomic():
        finish_erasure(reference=response.reference, actor=reviewer)
    pack.refresh_from_db()
    assert (pack.manifest_sha256, pack.instead_of) == ("", [sealed_as])


def test_a_decision_after_an_erasure_names_the_manifest_made_again(
    pack: DecisionPack, reviewer: User, decision_maker: User, exports: Path
) -> None:
    sealed_as = pack.manifest_sha256
    row = erase(pack, reviewer).points.get(number=2)
    row.pack = pack
    open_pack(pack=pack, point=row, by=decision_maker)
    decide_point(point=row, outcome="agreed", reason="", by=decision_maker)
    named = PointDecision.objects.get().before["manifest_sha256"]
    manifest = (exports / stored_in(pack) / "manifest.json").read_bytes()
    assert named == hashlib.sha256(manifest).hexdigest() != sealed_as
    assert json.loads(manifest)["made_again_instead_of"] == [sealed_as]


def test_a_pack_names_the_one_before_although_its_files_were_removed(
    pack: DecisionPack, seal: Seal, reviewer: User, exports: Path
) -> None:
    sealed_as = pack.manifest_sha256
    erase(pack, reviewer)
    later = seal()
    manifest = json.loads(content_of(later, exports, "manifest.json"))
    assert (later.number, manifest["previous_manifest_sha256"]) == (2, sealed_as)
    write_pack(pack)
    again = json.loads(content_of(pack, exports, "manifest.json"))
    assert again["made_again_instead_of"] == [sealed_as]
    assert all(file["sha256"] for file in again["files"])


def test_files_that_cannot_be_read_are_explained_on_the_pages_of_the_pack(
    pack: DecisionPack,
    consultation: Consultation,
    decision_maker: User,
    reviewer: User,
    sign_in: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    erase(pack, reviewer)

    def refuse(*_args: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storages["exports"], "open", refuse)
    client = sign_in(decision_maker)
    file = reverse("pack-file", args=[consultation.slug, pack.number, "pack.html"])
    page = client.get(file, follow=True)
    assert page.redirect_chain == [(reverse("pack", args=[consultation.slug, pack.number]), 302)]
    assert "cannot be read at the moment" in page.content.decode()
    point = reverse("pack-point", args=[consultation.slug, pack.number, 2])
    client.get(point)
    answer = client.post(point, {"outcome": "partly", "reason": "My careful reason.", "after": "0"})
    assert "Nothing was decided" in answer.content.decode()
    assert "My careful reason." in answer.content.decode()
    assert not PointDecision.objects.exists()
