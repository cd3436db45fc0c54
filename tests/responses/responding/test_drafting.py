"""Two people on one draft, or one person in two tabs: neither overwrites the other unseen, and
nothing is lost.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consult.models import Consultation
from responses.models import Draft
from responses.responding.draft_values import fingerprint, mark_of_typed
from responses.responding.drafting import save_part, start_draft
from tests.responses.responding.test_answering import answer, at, move_window

FIELDS = ["violence-agree", "violence-comment"]
pytestmark = pytest.mark.usefixtures("consultation")

Save = Callable[..., Any]


@pytest.fixture
def draft(consultation: Consultation) -> Draft:
    return start_draft(consultation=consultation, started_at=timezone.now())[0]


@pytest.fixture
def save(draft: Draft) -> Save:
    """Save the page about violence, which had shown `shown`."""

    def save(values: dict[str, Any], shown: dict[str, Any] | None = None) -> Any:
        seen = None if shown is None else {name: fingerprint(shown.get(name)) for name in FIELDS}
        return save_part(
            draft=draft, part="violence", fields=FIELDS, values=values, done=True, seen=seen
        )

    return save


def test_someone_elses_words_are_not_overwritten_unseen(save: Save, draft: Draft) -> None:
    save({"violence-comment": "Ann's."}, {})
    saved = save({"violence-comment": "Ben's."}, {})
    draft.refresh_from_db()
    assert saved.elsewhere == {"violence-comment": "Ann's."}
    assert draft.answers == {"violence-comment": "Ann's."}
    assert draft.parts_done == []


def test_two_people_on_different_questions_of_one_page_both_keep_theirs(
    save: Save, draft: Draft
) -> None:
    save({"violence-comment": "Ann's."}, {})
    assert save({"violence-agree": "agree"}, {}).elsewhere == {}
    draft.refresh_from_db()
    assert draft.answers == {"violence-comment": "Ann's.", "violence-agree": "agree"}


def test_the_same_page_sent_twice_is_not_a_conflict(save: Save, draft: Draft) -> None:
    for _ in range(2):
        assert save({"violence-comment": "Once."}, {}).elsewhere == {}
    draft.refresh_from_db()
    assert draft.parts_done == ["violence"]


def test_someone_who_has_seen_the_other_text_can_replace_or_empty_it(
    save: Save, draft: Draft
) -> None:
    save({"violence-comment": "Ann's."}, {})
    assert (
        save({"violence-comment": "Ben's, knowingly."}, {"violence-comment": "Ann's."}).elsewhere
        == {}
    )
    draft.refresh_from_db()
    assert draft.answers == {"violence-comment": "Ben's, knowingly."}
    save({}, {"violence-comment": "Ben's, knowingly."})
    draft.refresh_from_db()
    assert draft.answers == {}


def test_ones_own_words_are_no_conflict_when_the_reply_to_them_was_lost(
    draft: Draft,
) -> None:
    seen = {name: fingerprint("") for name in FIELDS}

    def save(words: str, *tried: str) -> Any:
        return save_part(
            draft=draft,
            part="violence",
            fields=FIELDS,
            values={"violence-comment": words},
            done=None,
            seen=seen,
            tried={("violence-comment", mark_of_typed(one)) for one in tried},
        )

    save("Half a\r\nthought")
    assert save("Half a\nthought, and the rest.").elsewhere
    assert not save("Half a\nthought, and the rest.", "Half a\nthought").elsewhere
    # What anyone else wrote since is theirs, also for someone whose own save got lost before.
    save_part(
        draft=draft,
        part="violence",
        fields=FIELDS,
        values={"violence-comment": "Ann's."},
        done=None,
    )
    saved = save("More.", "Half a\nthought", "Half a\nthought, and the rest.")
    assert saved.elsewhere == {"violence-comment": "Ann's."}


def test_a_choice_taken_back_after_a_lost_reply_is_taken_back() -> None:
    rita = Client()
    stale = seen_on(rita.get(at("part", "violence")))
    answer(rita, "violence", violence_agree="agree", seen=stale)
    tried = f"violence-agree:{mark_of_typed('agree')} nonsense : :x violence-comment:"
    for given, kept in [("", {"violence-agree": "agree"}), (tried, {})]:
        rita.post(at("save", "violence"), {"seen": stale, "tried": given})
        assert Draft.objects.get().answers == kept


def seen_on(page: Any) -> str:
    return unescape(re.findall(r'name="seen" value="([^"]*)"', page.content.decode())[0])


def test_both_texts_are_shown_and_the_second_press_decides() -> None:
    ann, ben = Client(), Client()
    answer(ann, "trust", trust_comment="A start.")
    ben.cookies = ann.cookies
    before = [seen_on(client.get(at("part", "violence"))) for client in (ann, ben)]
    answer(ann, "violence", violence_comment="Ann’s <words>.", seen=before[0])
    page = answer(ben, "violence", violence_comment="Ben’s words.", seen=before[1])
    text = page.content.decode()
    assert page.status_code == 409
    assert "Someone else changed this page at" in text
    assert "Ann’s &lt;words&gt;." in text
    assert "Ben’s words." in text
    assert Draft.objects.get().answers["violence-comment"] == "Ann’s <words>."
    assert (
        answer(ben, "violence", violence_comment="Ben’s words.", seen=seen_on(page)).status_code
        == 303
    )
    assert Draft.objects.get().answers["violence-comment"] == "Ben’s words."


def test_autosave_starts_one_draft_and_continues_in_it() -> None:
    rita = Client()
    reply = rita.post(
        at("save", "violence"),
        {"violence-comment": "Hal", "seen": seen_on(rita.get(at("part", "violence")))},
    ).json()
    assert re.fullmatch(r"\d{1,2}:\d\d[ap]m", reply["at"])
    reply = rita.post(
        at("save", "violence"), {"violence-comment": "Half a thou", "seen": reply["seen"]}
    ).json()
    assert reply["elsewhere"] == ""
    draft = Draft.objects.get()
    assert (draft.answers, draft.parts_done) == ({"violence-comment": "Half a thou"}, [])
    assert (
        answer(rita, "violence", violence_comment="Half a thought.", seen=reply["seen"]).status_code
        == 303
    )


def test_autosave_never_overwrites_and_continue_then_shows_both() -> None:
    rita = Client()
    stale = seen_on(rita.get(at("part", "violence")))
    answer(rita, "violence", violence_comment="Another tab's.", seen=stale)
    reply = rita.post(
        at("save", "violence"), {"violence-comment": "This tab's.", "seen": stale}
    ).json()
    assert reply["elsewhere"]
    assert Draft.objects.get().answers == {"violence-comment": "Another tab's."}
    assert (
        answer(rita, "violence", violence_comment="This tab's.", seen=reply["seen"]).status_code
        == 409
    )


def test_autosave_stops_at_closing_for_those_who_have_nothing_yet(
    consultation: Consultation,
) -> None:
    rita = Client()
    move_window(consultation, closes=timedelta(minutes=-30))
    assert rita.post(at("save", "violence"), {"violence-comment": "Too late."}).status_code == 409
    assert Draft.objects.count() == 0


@pytest.mark.parametrize("seen", ["x", ":", "violence-comment:", "a:b:c \x00", " " * 5000])
def test_a_hidden_field_that_was_tampered_with_is_never_our_error(seen: str) -> None:
    rita = Client()
    for name in ("part", "save"):
        assert rita.post(
            at(name, "violence"), {"violence-comment": "Words.", "seen": seen}
        ).status_code in {200, 303, 409}
