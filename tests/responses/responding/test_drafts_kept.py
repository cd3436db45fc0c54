"""A draft is what someone wrote: only what they checked is sent, and nothing goes unsaid."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.utils import timezone

from consult.clock import time_in_words
from consult.models import Consultation, Edition
from consult.plans.publishing import publish_edition
from consult.plans.withdrawing import withdraw_consultation
from responses.models import Draft, Response
from responses.responding import sending
from responses.responding.drafting import find_draft, mark_of, save_part, start_draft
from responses.responding.views.session import MOST_DRAFTS
from tests.responses.responding.test_answering import answer, at, send
from tests.support.forms import fields_to

TEMPLATES = Path(__file__).parents[3] / "templates/responding"

pytestmark = pytest.mark.usefixtures("consultation")


@pytest.fixture
def rita() -> Client:
    return Client()


def form_on(page: Any) -> dict[str, str]:
    """What the button that sends would post."""
    return fields_to(page, at("send"))


def reword(consultation: Consultation, slug: str, text: str) -> Edition:
    consultation.questions.filter(slug=slug).update(text=text)
    return publish_edition(consultation=consultation, actor=None)


def words_of(page: Any) -> str:
    return unescape(page.content.decode())


def test_what_was_added_after_the_check_is_shown_and_not_sent(rita: Client) -> None:
    answer(rita, "violence", violence_comment="Checked.")
    checked = form_on(rita.get(at("check")))
    answer(rita, "trust", trust_comment="A colleague's.")
    page = rita.post(at("send"), checked)
    assert page.status_code == 409
    assert "Something was added since you checked" in words_of(page)
    assert words_of(page).count("A colleague's.") == 2
    assert not Response.objects.exists()
    rita.post(at("send"), form_on(page))
    assert Response.objects.get().texts == {
        "violence-comment": "Checked.",
        "trust-comment": "A colleague's.",
    }


def test_an_answer_removed_after_the_check_is_said_too(rita: Client) -> None:
    answer(rita, "violence", violence_comment="Checked.")
    answer(rita, "trust", trust_comment="Checked too.")
    checked = form_on(rita.get(at("check")))
    answer(rita, "trust")
    page = rita.post(at("send"), checked)
    assert page.status_code == 409
    assert "No answer" in words_of(page).partition("Something was added")[2].partition("</dl>")[0]


@pytest.mark.parametrize("revision", [None, "", "x", "-1", "+1", "1.0", "\u0661", "1" * 99, "7"])
def test_what_does_not_say_what_was_checked_shows_it_and_sends_nothing(
    rita: Client, revision: str | None
) -> None:
    answer(rita, "violence", violence_comment="Not checked yet.")
    said = form_on(rita.get(at("check"))) | {"revision": revision or ""}
    if revision is None:
        del said["revision"]
    page = rita.post(at("send"), said)
    assert page.status_code == 409
    assert "Check your answers again" in words_of(page)
    assert "Something was added" not in words_of(page)
    assert "Not checked yet." in words_of(page)
    assert not Response.objects.exists()
    assert rita.post(at("send"), form_on(page)).status_code == 303
    assert Response.objects.get().texts == {"violence-comment": "Not checked yet."}


def test_saving_the_same_again_is_no_change(rita: Client) -> None:
    answer(rita, "violence", violence_comment="Checked.")
    checked = form_on(rita.get(at("check")))
    answer(rita, "violence", violence_comment="Checked.")
    assert rita.post(at("send"), checked).status_code == 303


@pytest.mark.django_db(transaction=True)
def test_a_save_while_it_is_sent_is_in_it_or_told(
    rita: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(rita, "violence", violence_comment="Checked.")
    checked = form_on(rita.get(at("check")))
    ben = Client()
    ben.cookies = rita.cookies.copy()
    saves: list[Any] = []

    def save() -> None:
        saves.append(ben.post(at("save", "trust"), {"trust-comment": "Typed meanwhile."}))
        connection.close()

    saving = Thread(target=save)
    submit: Callable[..., Any] = sending.submit_response

    def submit_slowly(**values: Any) -> Any:
        # The draft has been read by now.
        saving.start()
        saving.join(timeout=1)
        return submit(**values)

    monkeypatch.setattr(sending, "submit_response", submit_slowly)
    assert rita.post(at("send"), checked).status_code == 303
    saving.join(timeout=20)
    assert Response.objects.get().texts == {"violence-comment": "Checked."}
    assert [page.status_code for page in saves] == [409]


def test_a_reworded_question_stops_sending_until_it_was_seen(
    rita: Client, consultation: Consultation
) -> None:
    answer(rita, "violence", violence_agree="agree")
    before = consultation.questions.get(slug="violence-agree").text
    checked = form_on(rita.get(at("check")))
    reword(consultation, "violence-agree", "Should we drop it?")
    page = rita.post(at("send"), checked)
    assert page.status_code == 409
    assert before in words_of(page)
    assert "Should we drop it?" in words_of(page)
    assert not Response.objects.exists()
    confirmed = form_on(page)
    newest = reword(consultation, "violence-agree", "Should we keep it?")
    assert rita.post(at("send"), confirmed).status_code == 409
    assert rita.post(at("send"), form_on(rita.post(at("send"), confirmed))).status_code == 303
    assert Response.objects.get().edition == newest


def test_every_page_that_can_send_first_saves_what_waits_in_the_browser(
    rita: Client, consultation: Consultation
) -> None:
    sending_pages = {
        path.name: path.read_text()
        for path in TEMPLATES.glob("*.html")
        if 'action="{% url "send"' in path.read_text()
    }
    assert {"check.html", "reworded.html", "changed_meanwhile.html"} <= set(sending_pages)
    for name, text in sending_pages.items():
        assert 'include "responding/_unsaved.html"' in text, name
        # Until it is saved, the script hides this form.
        assert text.count('action="{% url "send" consultation.slug %}" data-send>') == 1, name
    answer(rita, "violence", violence_agree="agree")
    checked = form_on(rita.get(at("check")))
    reword(consultation, "violence-agree", "Should we drop it?")
    page = rita.post(at("send"), checked).content.decode()
    (mark,) = re.findall(r'data-unsaved="[^"]+" data-draft="([^"]+)"', page)
    assert mark == mark_of(Draft.objects.get())


def test_a_reworded_question_that_nobody_answered_stops_nothing(
    rita: Client, consultation: Consultation
) -> None:
    answer(rita, "violence", violence_comment="Only this.")
    reword(consultation, "trust-agree", "Something else?")
    assert send(rita).redirect_chain


def test_an_answer_given_in_the_new_words_is_not_asked_about(
    rita: Client, consultation: Consultation
) -> None:
    answer(rita, "violence", violence_agree="agree")
    reword(consultation, "violence-agree", "Should we drop it?")
    answer(rita, "violence", violence_agree="agree")
    assert send(rita).redirect_chain


def test_a_page_in_old_words_does_not_count_as_seen(
    rita: Client, consultation: Consultation
) -> None:
    shown = str(consultation.editions.latest("number").number)
    reword(consultation, "violence-agree", "Should we drop it?")
    rita.post(at("part", "violence"), {"violence-agree": "agree", "edition": shown})
    assert rita.post(at("send"), form_on(rita.get(at("check")))).status_code == 409


@pytest.mark.parametrize("page", ["check", "draft-text"])
def test_the_answer_to_a_dropped_question_is_offered_back(
    rita: Client, consultation: Consultation, page: str
) -> None:
    answer(rita, "violence", violence_comment="Two hours of text.", violence_agree="agree")
    consultation.questions.get(slug="violence-comment").delete()
    publish_edition(consultation=consultation, actor=None)
    shown = rita.get(at(page))
    text = b"".join(shown).decode() if shown.streaming else words_of(shown)
    assert "Two hours of text." in text
    refused = rita.post(at("send"), form_on(rita.get(at("check"))))
    assert refused.status_code == 409
    assert "Two hours of text." in words_of(refused)
    assert rita.post(at("send"), form_on(refused)).status_code == 303


def test_words_typed_while_their_question_is_dropped_are_kept(
    rita: Client, consultation: Consultation
) -> None:
    shown = str(consultation.editions.latest("number").number)
    consultation.questions.get(slug="violence-comment").delete()
    publish_edition(consultation=consultation, actor=None)
    rita.post(at("part", "violence"), {"violence-comment": "Half a thought.", "edition": shown})
    assert "Half a thought." in words_of(rita.get(at("check")))


def test_one_response_more_never_hides_the_first_on_a_device(rita: Client) -> None:
    answer(rita, "violence", violence_comment="The first.")
    for _ in range(MOST_DRAFTS - 1):
        assert rita.post(at("another")).status_code == 303
        answer(rita, "violence", violence_comment="Another.")
    assert rita.post(at("another")).status_code == 409
    for _ in range(MOST_DRAFTS - 1):
        rita.post(at("send"), form_on(rita.get(at("check"))))
    assert "The first." in words_of(rita.get(at("check")))


def test_a_withdrawn_consultation_gives_back_what_was_written(
    rita: Client, consultation: Consultation
) -> None:
    answer(rita, "violence", violence_comment="Half a sentence")
    withdraw_consultation(consultation=consultation, actor=None)
    for page in (
        *(rita.get(at(name)) for name in ("tasks", "check")),
        rita.get(at("part", "violence")),
        rita.post(at("part", "violence"), {"violence-comment": "Half a sentence"}),
        Client().post(at("part", "violence"), {"violence-comment": "Half a sentence"}),
    ):
        assert page.status_code == 200
        assert "This consultation has been withdrawn" in words_of(page)
        assert "Half a sentence" in words_of(page)
    assert "Half a sentence" in words_of(rita.get(at("draft-text")))
    assert Client().get(at("tasks")).status_code == 410


def test_a_text_too_long_to_keep_is_said_and_stays_in_the_form(rita: Client) -> None:
    answer(rita, "violence", violence_comment="Short.")
    page = answer(rita, "violence", violence_comment="long " * 5000)
    assert "We could not save everything on this page" in words_of(page)
    assert "long long long" in words_of(page)
    assert Draft.objects.get().answers == {"violence-comment": "Short."}
    saved = rita.post(at("save", "violence"), {"violence-comment": "long " * 5000}).json()
    assert saved["tooLong"] is True


@pytest.mark.django_db(transaction=True)
def test_a_small_save_into_a_large_draft_writes_little(consultation: Consultation) -> None:
    draft, _ = start_draft(consultation=consultation, started_at=timezone.now())
    plan = [f"{part}-comment" for part in ("violence", "trust", "victims", "exploitation")]
    for number, name in enumerate(plan):
        words = "".join(chr(0x4E00 + (place * 7919 + number) % 20000) for place in range(19_000))
        save_part(draft=draft, part=name, fields=[name], values={name: words}, done=None)

    def wal() -> int:
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
            cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
            return int(cursor.fetchone()[0])

    before = wal()
    values = {"missing": "A few bytes."}
    save_part(draft=draft, part="general", fields=["missing"], values=values, done=None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        written = int(cursor.fetchone()[0]) - before
    # Whole pages, since the first change of each after a checkpoint is logged as one.
    assert written < 150_000


def test_after_a_lost_answer_the_browser_hears_that_it_was_sent(rita: Client) -> None:
    answer(rita, "violence", violence_comment="Once.")
    lost = rita.cookies.copy()
    page = send(rita)
    response = Response.objects.get()
    assert page.redirect_chain
    rita.cookies = lost
    for name in ("tasks", "check"):
        text = words_of(rita.get(at(name)))
        assert f"reference {response.reference}" in text
        assert f"You sent this at {time_in_words(response.received_at)}" in text
        assert "/receipt/" in text
        assert "Once." not in text


def test_going_back_after_sending_says_that_it_was_sent(rita: Client) -> None:
    answer(rita, "violence", violence_comment="Once.")
    send(rita)
    text = words_of(rita.get(at("tasks")))
    assert f"reference {Response.objects.get().reference}" in text
    # Someone else may be at this device by now.
    assert "/receipt/" not in text
    assert rita.post(at("another"), follow=True).status_code == 200
    assert "You sent this" not in words_of(rita.get(at("tasks")))


def test_cookies_end_with_sending_and_serve_one_consultation(
    rita: Client, consultation: Consultation
) -> None:
    rita.get(at("tasks"))
    answer(rita, "violence", violence_comment="Once.")
    opened = rita.cookies[f"opened-{consultation.pk}"].value
    token = rita.cookies[f"draft-{consultation.pk}"].value
    send(rita)
    assert not rita.cookies[f"opened-{consultation.pk}"].value
    assert not rita.cookies[f"draft-{consultation.pk}"].value
    with pytest.raises(Draft.DoesNotExist):
        find_draft(consultation=consultation, token=token)
    signing.loads(opened, salt=f"opened {consultation.pk}")
    with pytest.raises(signing.BadSignature):
        signing.loads(opened, salt=f"opened {consultation.pk + 1}")
