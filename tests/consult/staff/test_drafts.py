"""What staff type outlives their session, a refusal and a colleague, and nobody else sees it."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, StaffDraft, User
from consult.staff.drafts import (
    KEEP_FOR,
    NotOurForm,
    Place,
    another_beside,
    keep_typed,
    place_of,
    read_token,
    remove_drafts_about,
    remove_old_drafts,
    token_for,
)
from responses.governance.erasing import erase_response
from responses.governance.tasks import tidy
from responses.models import Response, ReviewStep
from responses.reviewing.codebooks import make_code
from tests.conftest import make_person

SignIn = Callable[[User], Client]
Send = Callable[..., Response]
NOTE = "Mentions the same bus stop as the letter from Monday."
TOKEN = re.compile(r'name="typed_in" value="([^"]+)"')
# Forms with words in them that nobody would want back.
NOT_KEPT = {
    "governance/subject_access.html": "a search, for a person who is sitting there",
    "staff/confirm.html": "a password",
    "staff/new_password.html": "a password",
    "staff/second_factor.html": "a code that is good for half a minute",
    "staff/sign_in.html": "a password",
    "staff/sign_in_code.html": "a code that is good for half a minute",
    "staff/typed.html": "what was kept itself",
}
TYPED_INTO = re.compile(r"<textarea|govuk-input|crispy form|_plain_field|gds/field|_code_fields")
FORM = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.DOTALL)


@pytest.fixture
def rosa(reviewer: User, sign_in: SignIn) -> Client:
    """Rosa the reviewer at her browser."""
    return sign_in(reviewer)


@pytest.fixture
def ravi(db: None, sign_in: SignIn) -> Client:
    """Ravi, another reviewer, at his browser."""
    return sign_in(make_person("ravi", User.Role.REVIEWER))


@pytest.fixture
def letter(send: Send) -> Response:
    """A response that is being read."""
    return send({"missing": "Buses."})


def page_of(response: Response) -> str:
    return reverse("review-one", args=[response.reference])


def token_at(client: Client, address: str, *, nth: int = 0) -> str:
    return TOKEN.findall(client.get(address).content.decode())[nth]


def note(token: str, **typed: object) -> dict[str, object]:
    return {"typed_in": token, "note": NOTE, "to_state": "note", "shown": 1, "version": 0} | typed


def test_every_form_that_staff_type_into_keeps_what_they_type() -> None:
    folder = Path(settings.BASE_DIR) / "templates"
    forms, without = 0, set()
    for path in folder.rglob("*.html"):
        page = path.read_text()
        if '{% extends "staff/base.html" %}' not in page:
            continue
        for form in FORM.findall(page):
            if TYPED_INTO.search(form):
                forms += 1
                if "keeps_what_is_typed" not in form:
                    without.add(str(path.relative_to(folder)))
    assert forms > 20
    assert without == set(NOT_KEPT)


def test_words_sent_after_the_session_ended_are_offered_to_their_writer(
    letter: Response, reviewer: User, rosa: Client, ravi: Client, sign_in: SignIn
) -> None:
    token = token_at(rosa, page_of(letter))
    rosa.logout()
    asked = rosa.post(page_of(letter), note(token))
    assert asked["Location"].startswith(reverse("sign-in"))
    assert not ReviewStep.objects.exists()
    again = sign_in(reviewer).get(page_of(letter)).content.decode()
    assert NOTE in again
    assert "You typed this here at" in again
    assert NOTE not in ravi.get(page_of(letter)).content.decode()


def test_an_idle_session_leads_back_to_the_page_with_the_form(
    consultation: object, rosa: Client, letter: Response, reviewer: User
) -> None:
    """The address that the form is sent to takes nothing but forms."""
    action = reverse("change-campaign", args=[1])
    token = token_for(Place(reviewer.pk, page_of(letter), "note", action))
    session = rosa.session
    session["seen_at"] = 0
    session.save()
    asked = rosa.post(action, note(token))
    assert asked["Location"] == (
        f"{reverse('sign-in')}?next={page_of(letter).replace('/', '%2F')}&ended=idle"
    )
    assert StaffDraft.objects.get().typed == [NOTE]


def test_a_field_of_any_name_that_someone_types_into_is_offered(
    letter: Response, rosa: Client
) -> None:
    """Some forms call theirs “text”."""
    token = token_at(rosa, page_of(letter))
    rosa.post(reverse("keep-typed"), {"typed_in": token, "text": "sections:", "shown": "1"})
    assert StaffDraft.objects.get().typed == ["sections:"]


def test_an_accepted_form_is_forgotten(letter: Response, rosa: Client) -> None:
    token = token_at(rosa, page_of(letter))
    rosa.post(reverse("keep-typed"), note(token))
    assert StaffDraft.objects.get().typed == [NOTE]
    assert rosa.post(page_of(letter), note(token)).status_code == 302
    assert ReviewStep.objects.get().note == NOTE
    assert not StaffDraft.objects.exists()


def test_a_refused_form_is_kept_and_not_offered_twice_on_its_page(
    letter: Response, rosa: Client
) -> None:
    token = token_at(rosa, page_of(letter))
    refused = rosa.post(page_of(letter), note(token, to_state="unread"))
    assert refused.status_code == 200
    assert StaffDraft.objects.get().typed == [NOTE]
    shown = refused.content.decode()
    assert "You typed this here at" not in shown
    # What is typed on from here replaces this draft and stands beside no other.
    found = read_token(TOKEN.findall(shown)[0])
    assert found
    assert found.form == "note"


def test_a_refusal_that_leads_to_another_page_keeps_the_words(
    rosa: Client, consultation: object, reviewer: User
) -> None:
    place = Place(reviewer.pk, "/staff/campaigns/1/", "rename", "/staff/campaigns/1/change/")
    keep_typed(place=place, fields=[])
    rosa.post(
        reverse("take-up-mailbox", args=["police-and-crime-plan-2021-25"]),
        {"typed_in": token_for(place), "name": "Bus letters"},
    )
    assert StaffDraft.objects.get().typed == ["Bus letters"]


def test_a_form_that_needs_the_password_first_is_kept(
    administrator: User, sign_in: SignIn, letter: Response
) -> None:
    ada = sign_in(administrator)
    address = reverse("erase", args=[letter.reference])
    place = Place(administrator.pk, address, "why", address)
    asked = ada.post(address, {"typed_in": token_for(place), "why": "Asked on the telephone"})
    assert asked["Location"].startswith(reverse("confirm"))
    assert StaffDraft.objects.get().typed == ["Asked on the telephone"]


def test_a_form_without_its_cookie_keeps_its_words(letter: Response, reviewer: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    token = token_for(Place(reviewer.pk, page_of(letter), "note", page_of(letter)))
    assert strict.post(page_of(letter), note(token)).status_code == 403
    assert StaffDraft.objects.get().account == reviewer


def test_what_is_typed_is_kept_though_the_session_has_ended(
    letter: Response, rosa: Client, reviewer: User, outsider: Client
) -> None:
    token = token_at(rosa, page_of(letter))
    kept = rosa.post(reverse("keep-typed"), note(token)).json()
    assert kept["signedOut"] is False
    kept = outsider.post(reverse("keep-typed"), note(token, note="And more.")).json()
    assert kept["signedOut"] is True
    assert StaffDraft.objects.get(account=reviewer).typed == ["And more."]


@pytest.mark.parametrize("token", ["", "forged", "WzEsIngiLCJ5IiwieiJd:1abc:forged"])
def test_words_without_a_token_of_ours_are_not_kept(token: str, outsider: Client, db: None) -> None:
    assert outsider.post(reverse("keep-typed"), note(token)).status_code == 403
    assert not StaffDraft.objects.exists()


def test_words_of_a_closed_account_are_not_kept(reviewer: User) -> None:
    token = token_for(Place(reviewer.pk, "/staff/", "note", "/staff/"))
    assert place_of(token).account == reviewer.pk
    reviewer.is_active = False
    reviewer.save(update_fields=["is_active"])
    with pytest.raises(NotOurForm):
        place_of(token)


def test_passwords_and_tokens_are_never_kept(rosa: Client, letter: Response) -> None:
    token = token_at(rosa, page_of(letter))
    rosa.post(reverse("keep-typed"), note(token, password="secret", csrfmiddlewaretoken="x"))
    assert {name for name, _value in StaffDraft.objects.get().fields} == {
        *("note", "to_state", "shown", "version")
    }


def test_characters_that_no_row_can_hold_are_left_out(rosa: Client, letter: Response) -> None:
    token = token_at(rosa, page_of(letter))
    refused = rosa.post(page_of(letter), note(token, note="Before\0after"))
    assert refused.status_code == 400
    assert StaffDraft.objects.get().typed == ["Beforeafter"]


def test_new_words_do_not_replace_those_that_are_offered(letter: Response, rosa: Client) -> None:
    address = page_of(letter)
    rosa.post(reverse("keep-typed"), note(token_at(rosa, address), note="The first words."))
    rosa.post(reverse("keep-typed"), note(token_at(rosa, address), note="The second words."))
    page = rosa.get(address).content.decode()
    assert "The first words." in page
    assert "The second words." in page
    # Sending one of the two forgets that one alone.
    rosa.post(address, note(token_at(rosa, reverse("typed")), note="The second words."))
    assert [one.typed for one in StaffDraft.objects.all()] == [["The first words."]]


def test_a_number_is_found_beside_any_drafts(reviewer: User) -> None:
    place = Place(reviewer.pk, "/staff/", "note", "/staff/")
    assert another_beside(place, []).form == "note"
    assert another_beside(place, [StaffDraft(form="note")]).form == "note~2"
    assert another_beside(place, [StaffDraft(form="note~2")]).form == "note"
    both = [StaffDraft(form="note"), StaffDraft(form="note~2")]
    assert another_beside(place, both).form == "note~3"


def test_a_second_person_is_told_who_is_at_it_and_both_keep_their_words(
    letter: Response, rosa: Client, ravi: Client
) -> None:
    address = page_of(letter)
    assert "is at this too" not in ravi.get(address).content.decode()
    rosa.post(reverse("keep-typed"), note(token_at(rosa, address)))
    assert "rosa is at this too" in ravi.get(address).content.decode()
    kept = ravi.post(reverse("keep-typed"), note(token_at(ravi, address), note="Mine.")).json()
    assert kept["others"] == "rosa"
    assert sorted(one.typed[0] for one in StaffDraft.objects.all()) == [NOTE, "Mine."]


def test_someone_who_was_there_long_ago_is_not_named(
    letter: Response, rosa: Client, ravi: Client
) -> None:
    rosa.post(reverse("keep-typed"), note(token_at(rosa, page_of(letter))))
    StaffDraft.objects.update(saved_at=timezone.now() - timedelta(hours=2))
    assert "is at this too" not in ravi.get(page_of(letter)).content.decode()


def test_everything_typed_stands_on_one_page_to_be_sent_or_thrown_away(
    letter: Response, rosa: Client, ravi: Client
) -> None:
    assert "Nothing is waiting" in rosa.get(reverse("typed")).content.decode()
    rosa.post(reverse("keep-typed"), note(token_at(rosa, page_of(letter))))
    page = rosa.get(reverse("typed")).content.decode()
    assert NOTE in page
    assert page_of(letter) in page
    assert NOTE not in ravi.get(reverse("typed")).content.decode()
    draft = StaffDraft.objects.get()
    ravi.post(reverse("forget-typed", args=[draft.pk]))
    assert StaffDraft.objects.exists()
    rosa.post(reverse("forget-typed", args=[draft.pk]))
    assert not StaffDraft.objects.exists()


def test_sending_it_as_it_is_needs_no_scripts(letter: Response, rosa: Client) -> None:
    rosa.post(reverse("keep-typed"), note(token_at(rosa, page_of(letter))))
    page = rosa.get(reverse("typed")).content.decode()
    fields = dict(re.findall(r'<textarea name="(\w+)" hidden>\n([^<]*)</textarea>', page))
    assert fields["note"] == NOTE
    rosa.post(page_of(letter), fields | {"typed_in": TOKEN.findall(page)[0]})
    assert ReviewStep.objects.get().note == NOTE
    assert not StaffDraft.objects.exists()


def test_erasing_a_response_removes_what_was_typed_about_it(
    letter: Response, send: Send, rosa: Client
) -> None:
    other = send({"missing": "Trams."})
    for one in (letter, other):
        rosa.post(reverse("keep-typed"), note(token_at(rosa, page_of(one))))
    erase_response(reference=letter.reference, actor=None, why="asked for it")
    assert [one.page for one in StaffDraft.objects.all()] == [page_of(other)]


@pytest.mark.parametrize(
    ("page", "goes"),
    [
        ("/staff/messages/5/", True),
        ("/staff/enter/plan/?message=5", True),
        ("/staff/enter/plan/?message=5&x=1", True),
        ("/staff/messages/55/", False),
        ("/staff/enter/plan/?message=55", False),
        ("/staff/changes/5/", False),
    ],
)
def test_only_what_was_typed_about_that_message_goes(page: str, goes: bool, reviewer: User) -> None:
    keep_typed(place=Place(reviewer.pk, page, "aside", page), fields=[("reason", "Spam")])
    assert remove_drafts_about(["message=5", "messages/5"]) == goes


def test_many_names_are_more_than_one_pattern_takes(reviewer: User) -> None:
    page = "/staff/messages/1999/"
    keep_typed(place=Place(reviewer.pk, page, "aside", page), fields=[("reason", "Spam")])
    assert remove_drafts_about([f"messages/{number}" for number in range(2000)]) == 1
    assert remove_drafts_about([]) == 0


def test_what_nobody_came_back_to_goes_after_its_time(reviewer: User) -> None:
    for page in ("/staff/old/", "/staff/new/"):
        keep_typed(place=Place(reviewer.pk, page, "note", page), fields=[("note", NOTE)])
    long_ago = timezone.now() - KEEP_FOR - timedelta(minutes=1)
    StaffDraft.objects.filter(page="/staff/old/").update(saved_at=long_ago)
    tidy()
    assert [one.page for one in StaffDraft.objects.all()] == ["/staff/new/"]
    assert remove_old_drafts() == 0


def test_a_page_asks_for_drafts_once_however_many_there_are(letter: Response, rosa: Client) -> None:
    address = reverse("redact", args=[letter.reference])
    rosa.get(address)
    counts = []
    for number in range(3):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            token = token_at(rosa, address)
        counts.append(sum("staffdraft" in query["sql"] for query in queries))
        rosa.post(reverse("keep-typed"), {"typed_in": token, "why": f"Reason {number}"})
    assert StaffDraft.objects.count() == 3
    assert counts == [1, 1, 1]


def test_words_go_with_the_page_of_the_answer_they_are_about(
    consultation: Consultation, send: Send, rosa: Client, reviewer: User
) -> None:
    """The page of codes shows whichever answer comes next: its address alone does not say which."""
    words = {"name": "Clubs", "group": "", "definition": ""}
    make_code(consultation=consultation, question="missing", by=reviewer, **words)
    first, second = send({"missing": "Buses."}), send({"missing": "Trams."})
    address = reverse("code-answers", args=[first.consultation.slug, "missing"])
    about_first = f"{address}?reference={first.reference}"
    rosa.post(
        reverse("keep-typed"),
        {"typed_in": token_at(rosa, about_first, nth=1), "passage": "Buses"},
    )
    assert "You typed this here at" in rosa.get(about_first).content.decode()
    about_second = f"{address}?reference={second.reference}"
    assert "You typed this here at" not in rosa.get(about_second).content.decode()


def test_migrations_say_all_that_the_model_does(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", "consult")
