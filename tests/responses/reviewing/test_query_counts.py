"""Pages of the desk ask the database as often for many rows as for one."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, User
from responses.models import Bundle, Petition, Response
from responses.reviewing.mailboxes import load_mailbox

Send = Callable[..., Response]
FEW, MANY = 1, 4


def mail(number: int) -> bytes:
    return (
        b"From a@example.org Thu Nov 19 10:00:00 2026\n"
        b"From: Ann <ann@example.org>\nSubject: Buses\n"
        b"Message-ID: <%d@example.org>\n\nMore buses, please.\n\n" % number
    )


@pytest.fixture
def grow(
    consultation: Consultation, reviewer: User, send: Send, tmp_path: Path, files: Path
) -> Callable[[int], None]:
    """Have so many messages, rows of one bundle, bundles and petitions."""
    bundle = Bundle.objects.create(
        consultation=consultation,
        edition=consultation.editions.get(),
        key=uuid4(),
        kind=Bundle.Kind.SHEETS,
        name="Camden",
        by=reviewer,
        state=Bundle.State.DONE,
    )

    def grow(count: int) -> None:
        path = tmp_path / "in.mbox"
        path.write_bytes(b"".join(map(mail, range(count))))
        load_mailbox(consultation=consultation, path=path, by=reviewer)
        for number in range(bundle.rows.count(), count):
            bundle.rows.create(number=number, response=send({"missing": f"Words {number}"}))
            Petition.objects.create(
                consultation=consultation,
                number=number,
                title="Lights",
                text="Light them.",
                signatures=2,
                channel="post",
                received_on=timezone.localdate(),
                by=reviewer,
            )

    return grow


def asked(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    "name", ["entering", "message-list", "message", "bundle-list", "bundle", "petition-list"]
)
def test_a_page_of_the_desk_asks_as_often_for_many_as_for_one(
    name: str,
    grow: Callable[[int], None],
    consultation: Consultation,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    rosa = sign_in(reviewer)
    grow(FEW)
    arguments: dict[str, list[object]] = {
        "entering": [],
        "message": [consultation.messages.get().pk],
        "bundle": [Bundle.objects.get().pk],
    }
    address = reverse(name, args=arguments.get(name, [consultation.slug]))
    asked(rosa, address)
    few = asked(rosa, address)
    grow(MANY)
    assert consultation.messages.count() == Petition.objects.count() == MANY
    assert asked(rosa, address) == few
