"""A pack is sealed at one moment: what others do meanwhile is in it whole, or in the next one."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from consult.models import Consultation, User
from responses.deciding import packs
from responses.deciding.feeding import feed_passage, stop_passage
from responses.deciding.packs import seal_pack
from responses.governance.erasing import erase_response
from responses.models import DecisionPack, Point, PointPassage, Response
from tests.responses.deciding.test_packs import content_of

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 30


@pytest.fixture
def sealing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], threading.Thread]:
    """Has someone else do something on a connection of their own while a pack is half sealed."""

    def sealing(does: Callable[[], None], *, waits: float = PATIENCE) -> threading.Thread:
        def on_its_own() -> None:
            try:
                does()
            finally:
                connection.close()

        other, real = threading.Thread(target=on_its_own), packs.equality_tables

        def meanwhile(consultation: Consultation) -> Any:
            other.start()
            other.join(timeout=waits)
            return real(consultation)

        monkeypatch.setattr(packs, "equality_tables", meanwhile)
        return other

    return sealing


def test_what_is_written_while_a_pack_is_sealed_is_in_the_next_one(
    consultation: Consultation,
    reviewer: User,
    ready: Callable[..., Point],
    send: Callable[..., Response],
    exports: object,
    sealing: Callable[..., threading.Thread],
) -> None:
    first, second = send({"missing": "Clubs."}), send({"missing": "More clubs."})
    made = ready("More clubs.", first)
    feed_passage(point=made, response=second, question="missing", passage="", by=reviewer)

    def changes() -> None:
        for fed in PointPassage.objects.filter(response=first):
            stop_passage(fed=fed, by=reviewer)
        send({"missing": "Lights."})
        Consultation.objects.filter(pk=consultation.pk).update(title="Another name")

    other = sealing(changes)
    pack = seal_pack(consultation=consultation, summary="Sealed.", by=reviewer)
    assert not other.is_alive()
    row = pack.points.get()
    assert row.makers["responses"] == 2
    assert {answer[0] for answer in row.answers} == {first.pk, second.pk}
    assert (pack.contents["received"], pack.contents["weighing"]["answers"]) == (2, 2)
    assert Response.objects.count() == 3


def test_an_erasure_waits_for_a_pack_and_then_reaches_it(
    consultation: Consultation,
    reviewer: User,
    ready: Callable[..., Point],
    send: Callable[..., Response],
    exports: Any,
    sealing: Callable[..., threading.Thread],
) -> None:
    secret = send({"missing": "My secret hope."})
    ready("A hope.", secret)

    def erases() -> None:
        erase_response(reference=secret.reference, actor=reviewer, why="asked")

    other = sealing(erases, waits=0.5)
    pack = seal_pack(consultation=consultation, summary="Sealed.", by=reviewer)
    sealed_as = pack.manifest_sha256
    other.join(timeout=PATIENCE)
    assert not other.is_alive()
    pack.refresh_from_db()
    assert (pack.manifest_sha256, pack.instead_of) == ("", [sealed_as])
    assert not list((exports / consultation.slug).glob("decision-pack-*/*"))
    packs.write_pack(pack)
    assert "My secret hope." not in content_of(pack, exports, "pack.html")


def test_two_who_seal_at_once_seal_two_packs(
    consultation: Consultation,
    reviewer: User,
    ready: Callable[..., Point],
    send: Callable[..., Response],
    exports: object,
    monkeypatch: pytest.MonkeyPatch,
    sealing: Callable[..., threading.Thread],
) -> None:
    ready("More clubs.", send({"missing": "Clubs."}))

    def seals() -> None:
        monkeypatch.undo()
        seal_pack(consultation=consultation, summary="The second.", by=reviewer)

    other = sealing(seals, waits=0.5)
    seal_pack(consultation=consultation, summary="The first.", by=reviewer)
    other.join(timeout=PATIENCE)
    assert [pack.summary for pack in DecisionPack.objects.order_by("number")] == [
        "The first.",
        "The second.",
    ]
