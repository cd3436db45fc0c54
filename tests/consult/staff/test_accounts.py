"""Staff accounts by command, and what editors and administrators do on the
administration's pages.
"""

import re
import threading
from collections.abc import Callable
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from consult.clock import closing_in_words, day_in_words
from consult.models import AuditEntry, Consultation, Edition, Question, Section, User
from consult.staff.accounts import LastAdministrator, change_staff
from responses.models import Response
from tests.conftest import make_person
from tests.support.forms import fields_on

SignIn = Callable[[User], Client]


def trail() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "subject"))


def shown(page: object) -> str:
    return " ".join(page.content.decode().split())


def filled(client: Client, address: str, **changes: object) -> dict[str, object]:
    """The values that a browser would send from the form at `address`, with `changes`."""
    return fields_on(client.get(address).content.decode()) | changes


def test_an_account_made_by_command_has_a_one_time_password_that_works(db: None) -> None:
    said = StringIO()
    call_command("create_staff", "nora", role="reviewer", stdout=said)
    password = re.search(r"one-time password: (\w{16})", said.getvalue())
    assert password
    user = authenticate(username="nora", password=password[1])
    assert isinstance(user, User)
    assert (user.role, user.must_change_password) == ("reviewer", True)
    assert trail() == [("staff_created", "nora")]


@pytest.mark.parametrize(
    ("name", "role", "why"),
    [
        ("Rosa", "reviewer", "There is already an account named Rosa."),
        ("x", "reviewer", "A user name has 2 to 100"),
        ("a b", "reviewer", "A user name has 2 to 100"),
        (
            "nora",
            "boss",
            (
                "There is no role “boss”. The roles are reviewer, analyst, editor, administrator, "
                "decision-maker."
            ),
        ),
    ],
)
def test_an_impossible_account_is_refused_with_the_reason(
    reviewer: User, name: str, role: str, why: str
) -> None:
    with pytest.raises(CommandError, match=re.escape(why)):
        call_command("create_staff", name, role=role)
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_switch_each_other_off_at_once() -> None:
    ada, ben = make_person("ada", "administrator"), make_person("ben", "administrator")
    both = threading.Barrier(2)
    refused = []

    def switch_off(user: User, by: User) -> None:
        both.wait()
        try:
            change_staff(user=user, role="administrator", is_active=False, actor=by)
        except LastAdministrator:
            refused.append(user)
        finally:
            connection.close()

    threads = [threading.Thread(target=switch_off, args=pair) for pair in ((ada, ben), (ben, ada))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert User.objects.filter(is_active=True).count() == 1


def test_an_editor_corrects_wording_and_the_public_reads_it(
    consultation: Consultation, editor: User, sign_in: SignIn
) -> None:
    client = sign_in(editor)
    section = Section.objects.get(slug="violence")
    address = reverse("admin:consult_section_change", args=[section.pk])
    client.post(address, filled(client, address, title="Preventing violence everywhere"))
    page = shown(Client().get(reverse("section", args=[consultation.slug, "violence"])))
    assert "Preventing violence everywhere" in page
    assert Edition.objects.count() == 2
    assert trail()[-1] == ("wording_changed", consultation.slug)


def test_saving_without_a_change_makes_no_edition(
    consultation: Consultation, editor: User, sign_in: SignIn
) -> None:
    client = sign_in(editor)
    before = trail()
    for name, row in (("section", Section.objects.first()), ("consultation", consultation)):
        assert row
        address = reverse(f"admin:consult_{name}_change", args=[row.pk])
        page = client.post(address, filled(client, address))
        assert page.status_code == 302, shown(page)
    assert Edition.objects.count() == 1
    assert trail() == before


def test_an_editor_moves_the_closing_date_and_the_trail_records_it(
    consultation: Consultation, editor: User, sign_in: SignIn
) -> None:
    client = sign_in(editor)
    address = reverse("admin:consult_consultation_change", args=[consultation.pk])
    client.post(address, filled(client, address, closes_at_0="2031-07-01", closes_at_1="00:00:00"))
    assert "11:59pm on 30 June 2031 (UK time)" in shown(
        Client().get(reverse("start", args=[consultation.slug]))
    )
    assert trail()[-1] == ("window_changed", consultation.slug)
    # Anyone who remembers the first date reads that it was changed, and when.
    first, today = closing_in_words(consultation.closes_at), day_in_words(timezone.now())
    told = (
        f"The closing date was changed on {today}, from {first} to 11:59pm on 30 June 2031 (UK "
        "time)."
    )
    for name in ("start", "tasks"):
        assert told in shown(Client().get(reverse(name, args=[consultation.slug])))
    # What moved since was the grace alone.
    client.post(address, filled(client, address, grace_minutes="20"))
    assert told in shown(Client().get(reverse("start", args=[consultation.slug])))
    page = client.post(
        address, filled(client, address, closes_at_0="2001-07-01", closes_at_1="00:00:00")
    )
    assert "It must close after it opens." in shown(page)


def test_an_editor_changes_the_batch_hour_and_the_trail_records_it(
    consultation: Consultation, editor: User, sign_in: SignIn
) -> None:
    client = sign_in(editor)
    address = reverse("admin:consult_consultation_change", args=[consultation.pk])
    client.post(address, filled(client, address, batch_hour="5"))
    assert Consultation.objects.get().batch_hour == 5
    entry = AuditEntry.objects.filter(action="schedule_changed").get()
    assert (entry.actor, entry.subject) == (editor, consultation.slug)
    assert entry.details == {"before": {"batch_hour": 2}, "after": {"batch_hour": 5}}
    # Nothing that people read has changed, and saving it unchanged changes nothing.
    client.post(address, filled(client, address))
    assert (
        Edition.objects.count(),
        AuditEntry.objects.filter(action="schedule_changed").count(),
    ) == (1, 1)
    for wrong in ("24", "-1", "two"):
        client.post(address, filled(client, address, batch_hour=wrong))
    assert Consultation.objects.get().batch_hour == 5


def test_the_database_knows_how_many_hours_a_day_has(consultation: Consultation) -> None:
    with (
        pytest.raises(IntegrityError, match="the_batch_hour_is_an_hour_of_the_day"),
        transaction.atomic(),
    ):
        Consultation.objects.update(batch_hour=24)


def test_an_editor_takes_a_consultation_off_the_site(
    consultation: Consultation, editor: User, sign_in: SignIn
) -> None:
    client = sign_in(editor)
    address = reverse("admin:consult_consultation_change", args=[consultation.pk])
    client.post(address, filled(client, address, withdraw="on"))
    assert Client().get(reverse("start", args=[consultation.slug])).status_code == 410
    assert trail()[-1] == ("consultation_withdrawn", consultation.slug)


def test_what_a_question_is_cannot_be_changed_on_a_page(
    consultation: Consultation, editor: User, sign_in: SignIn
) -> None:
    client = sign_in(editor)
    question = Question.objects.get(slug="missing")
    address = reverse("admin:consult_question_change", args=[question.pk])
    client.post(
        address,
        filled(client, address) | {"kind": "one", "slug": "other", "text": "What do you miss?"},
    )
    question.refresh_from_db()
    assert (question.slug, question.kind, question.text) == ("missing", "text", "What do you miss?")


def test_nothing_can_be_made_or_deleted_in_the_administration(
    consultation: Consultation, administrator: User, sign_in: SignIn
) -> None:
    client = sign_in(administrator)
    for name in ("consultation", "section", "recommendation", "question", "auditentry"):
        assert client.get(reverse(f"admin:consult_{name}_add")).status_code == 403
    section = Section.objects.first()
    assert section
    assert (
        client.post(
            reverse("admin:consult_section_delete", args=[section.pk]), {"post": "yes"}
        ).status_code
        == 403
    )
    # Accounts have pages of their own, and one way to do it is enough.
    with pytest.raises(NoReverseMatch):
        reverse("admin:consult_user_changelist")


def test_the_trail_can_be_read_but_not_changed(
    administrator: User, sign_in: SignIn, send: Callable[..., Response], reviewer: User
) -> None:
    reference = send().reference
    sign_in(reviewer).get(reverse("review-one", args=[reference]))
    client = sign_in(administrator)
    page = shown(client.get(reverse("admin:consult_auditentry_changelist")))
    assert reference in page
    assert "read a response" in page
    entry = AuditEntry.objects.first()
    assert entry
    assert (
        client.post(
            reverse("admin:consult_auditentry_change", args=[entry.pk]), {"subject": "x"}
        ).status_code
        == 403
    )


@pytest.mark.parametrize(
    ("person", "closed"),
    [("editor", ["auditentry"]), ("administrator", [])],
)
def test_each_page_of_the_administration_opens_by_right(
    person: str,
    closed: list[str],
    request: pytest.FixtureRequest,
    sign_in: SignIn,
    consultation: Consultation,
) -> None:
    client = sign_in(request.getfixturevalue(person))
    names = ["consultation", "section", "recommendation", "question", "auditentry"]
    refused = [
        name
        for name in names
        if client.get(reverse(f"admin:consult_{name}_changelist")).status_code != 200
    ]
    assert refused == closed


def test_the_administrations_own_sign_in_and_password_pages_lead_to_ours(
    editor: User, sign_in: SignIn, outsider: Client
) -> None:
    assert outsider.get("/admin/login/")["Location"].startswith(reverse("sign-in"))
    assert sign_in(editor).get("/admin/password_change/")["Location"] == reverse("new-password")
