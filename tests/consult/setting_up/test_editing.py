"""Changing a plan file on pages: nothing typed is lost, and what is wrong is said where it is."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from consult.models import AuditEntry, PlanFile, User
from consult.plans.checking import check_plan
from consult.setting_up.file_text import text_of, values_of
from consult.setting_up.files import begin_file
from consult.setting_up.pages import GROUPS, PAGES
from consult.setting_up.places import at
from tests.conftest import BUNDLED_PLAN, PARKS_PLAN
from tests.consult.setting_up.conftest import entry_of, page_of, send
from tests.support.pressing import fields_of, forms_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("source", [BUNDLED_PLAN, PARKS_PLAN], ids=lambda path: path.stem)
def test_opening_and_saving_every_page_changes_nothing(
    source: object, officer: Client, editor: User
) -> None:
    text = source.read_text()
    file = begin_file(text=text, actor=editor)
    for name in PAGES:
        send(officer, page_of(file, name), {})
    for group in GROUPS.values():
        # The first and the last of a list stand for those between.
        for number in {1, len(at(values_of(text), group.place) or [])} - {0}:
            if at(values_of(text), (*group.place, str(number))):
                send(officer, entry_of(file, group.name, number), {})
    file.refresh_from_db()
    assert file.text == text


@pytest.mark.parametrize("source", [BUNDLED_PLAN, PARKS_PLAN], ids=lambda path: path.stem)
def test_a_file_written_again_says_the_same(source: object) -> None:
    text = source.read_text()
    before, after = check_plan(text), check_plan(text_of(values_of(text)))
    assert after.consultation == before.consultation
    assert after.sections == before.sections
    assert after.recommendations == before.recommendations
    assert after.questions == before.questions
    assert (after.references, after.equality_intro) == (before.references, before.equality_intro)


@pytest.mark.parametrize(
    ("where", "typed", "says"),
    [
        ("about", {"title": ""}, "Title: is missing"),
        ("about", {"title": "x" * 201}, "has 201 characters, may have 200"),
        ("about", {"slug": "Parks!"}, "“Parks!” is not a slug"),
        ("about", {"slug": "staff"}, "is an address of the service"),
        ("about", {"sources": "example.org"}, "should be an address that starts with https"),
        ("dates", {"closes": ""}, "Last day: is missing"),
        ("dates", {"closes": "some day"}, "“some day” is not a date"),
        ("dates", {"closes": "2020-01-01"}, "is not after the opening"),
        ("dates", {"batch_hour": "24"}, "should be a whole number from 0 to 23"),
        ("dates", {"grace_minutes": "ten"}, "should be a whole number from 0 to 1,440"),
        ("contact", {"contact.organisation": ""}, "Organisation: is missing"),
        ("contact", {"ways_to_respond": "pigeon | By pigeon"}, "should be online or email"),
        ("contact", {"ways_to_respond": "online"}, "is missing"),
        ("references", {"references": "one | A title"}, "should be a whole number from 1"),
        ("references", {"references": "1 | A title | example.org"}, "should be an address that"),
        (
            "references",
            {"source_titles": "https://a.example | A"},
            "is not the address of a source",
        ),
        ("scales", {"scales": "# agreement\nAgree"}, "has 1 entry, needs at least 2"),
        ("sections.1", {"title": ""}, "Title: is missing"),
        ("sections.2", {"slug": "hours"}, "“hours” is taken"),
        ("sections.1", {"slug": "check"}, "“check” is taken"),
        ("each_section.2", {"slug": "agree"}, "is used by two questions"),
        ("each_section.1", {"scale": ""}, "needs exactly one of"),
        ("general.1", {"kind": "text"}, "is only for questions answered by choosing"),
        ("general.1", {"options": ""}, "needs exactly one of"),
        ("general.2", {"least": "9", "most": "3"}, "is not above least"),
        ("general.2", {"max_choices": "2"}, "is only for kind many"),
        ("about_you.1", {"show_if": "height | tall"}, "“height” is not a question before this"),
        ("about_you.2", {"from": "2030", "to": "2020"}, "from is after to"),
    ],
)
def test_what_is_wrong_is_kept_and_said_at_its_field(
    officer: Client, parks: PlanFile, where: str, typed: dict[str, str], says: str
) -> None:
    group, _dot, number = where.partition(".")
    address = entry_of(parks, group, number) if number else page_of(parks, group)
    assert send(officer, address, typed) == address
    page = officer.get(address)
    assert says in page.content.decode()
    shown = fields_of(forms_of(page)[0])
    if not {"options", "scales", "references", "source_titles", "ways_to_respond"} & set(typed):
        assert {key: shown[key] for key in typed} == typed
    overview = officer.get(reverse("plan-file", args=[parks.pk])).content.decode()
    assert "1 problem" in overview or "problems" in overview
    assert "Nothing is missing" not in overview


def test_rare_fields_unfold_only_where_one_of_them_holds_something(
    officer: Client, parks: PlanFile
) -> None:
    folded, unfolded = '<details class="govuk-details">', '<details class="govuk-details" open>'
    address = entry_of(parks, "equality", 1)
    assert "Do not ask organisations" in officer.get(address).content.decode()
    for typed, shown in [({}, folded), ({"individuals_only": "true"}, unfolded)]:
        if typed:
            send(officer, address, typed)
        page = officer.get(entry_of(parks, "equality", 1)).content.decode()
        rare = next(part for part in page.split("<details")[1:] if "individuals_only" in part)
        assert f"<details{rare}".startswith(shown)
    parks.refresh_from_db()
    assert values_of(parks.text)["questions"]["equality"][0]["individuals_only"] == "true"


def test_two_editors_at_different_pages_lose_nothing(officer: Client, parks: PlanFile) -> None:
    about, dates = page_of(parks, "about"), page_of(parks, "dates")
    stale = fields_of(forms_of(officer.get(dates))[0])
    send(officer, about, {"title": "Parks after dark"})
    assert officer.post(dates, stale | {"grace_minutes": "20"}).status_code == 302
    parks.refresh_from_db()
    consultation = values_of(parks.text)["consultation"]
    assert (consultation["title"], consultation["grace_minutes"]) == ("Parks after dark", "20")


def test_two_editors_at_one_page_are_shown_each_others_words(
    officer: Client, parks: PlanFile
) -> None:
    about = page_of(parks, "about")
    stale = fields_of(forms_of(officer.get(about))[0])
    send(officer, about, {"title": "Parks after dark"})
    page = officer.post(about, stale | {"title": "Parks by night"})
    assert page.status_code == 200
    words = page.content.decode()
    assert "Someone else changed this" in words
    assert "Parks after dark" in words
    again = fields_of(forms_of(page)[0])
    assert again["title"] == "Parks by night"
    assert officer.post(about, again).status_code == 302
    parks.refresh_from_db()
    assert values_of(parks.text)["consultation"]["title"] == "Parks by night"


def test_an_entry_that_moved_is_not_changed_in_place_of_another(
    officer: Client, parks: PlanFile
) -> None:
    second = entry_of(parks, "sections", 2)
    stale = fields_of(forms_of(officer.get(second))[0])
    send(officer, second, {"do": "up"}, form=1)
    for do in ("", "remove", "down"):
        page = officer.post(second, stale | {"title": "Lamps", "do": do})
        assert page.status_code == 200, do
    parks.refresh_from_db()
    assert [row["title"] for row in values_of(parks.text)["sections"]] == [
        "Lights",
        "Opening hours",
    ]


def test_pressing_add_twice_adds_once(officer: Client, parks: PlanFile) -> None:
    new = entry_of(parks, "sections")
    typed = fields_of(forms_of(officer.get(new))[0]) | {"title": "Cafés", "summary": "More."}
    for _ in range(2):
        assert officer.post(new, typed).status_code == 302
    parks.refresh_from_db()
    sections = values_of(parks.text)["sections"]
    assert [row["slug"] for row in sections] == ["hours", "lights", "cafes"]


def test_a_second_section_of_that_name_gets_a_short_name_of_its_own(
    officer: Client, parks: PlanFile
) -> None:
    for summary in ("More of them.", "Fewer of them."):
        send(officer, entry_of(parks, "sections"), {"title": "Cafés", "summary": summary})
    parks.refresh_from_db()
    sections = values_of(parks.text)["sections"]
    assert [row["slug"] for row in sections] == ["hours", "lights", "cafes", "cafes-2"]


def test_an_option_reworded_keeps_its_slug(officer: Client, parks: PlanFile) -> None:
    uses = entry_of(parks, "general", 1)
    before = fields_of(forms_of(officer.get(uses))[0])
    assert before["write_in"] == "Something else"
    options = before["options"].replace("To walk", "To walk the dog")
    send(officer, uses, {"options": options, "exclusive": before["exclusive"]})
    parks.refresh_from_db()
    made = at(values_of(parks.text), ("questions", "general", "1", "options"))
    assert [row["slug"] for row in made] == ["walk", "sport", "other", "none"]
    assert made[0]["label"] == "To walk the dog"
    assert made[2]["write_in"] == made[3]["exclusive"] == "true"


def test_what_is_removed_stays_on_the_trail(officer: Client, parks: PlanFile) -> None:
    send(officer, entry_of(parks, "sections", 2), {"do": "remove"}, form=1)
    parks.refresh_from_db()
    assert [row["slug"] for row in values_of(parks.text)["sections"]] == ["hours"]
    details = AuditEntry.objects.latest("pk").details
    assert details["place"] == "sections.2"
    assert "so that bats can feed" in details["removed"]["summary"]


@pytest.mark.parametrize("text", ["a: [", "- a list\n", "", "sections: none\nquestions: 3"])
def test_a_file_that_is_no_plan_is_kept_and_can_be_put_right(
    officer: Client, editor: User, text: str
) -> None:
    file = begin_file(text=text, actor=editor)
    address = reverse("plan-file-text", args=[file.pk])
    assert officer.get(reverse("plan-file", args=[file.pk])).status_code in {200, 302}
    page = officer.get(address)
    assert "What is wrong with it" in page.content.decode()
    assert fields_of(forms_of(page)[0])["text"].strip() == text.strip()
    send(officer, address, {"text": PARKS_PLAN.read_text()})
    assert "Nothing is wrong with it" in officer.get(address).content.decode()


def test_what_pages_cannot_show_is_left_to_the_file(officer: Client, editor: User) -> None:
    text = PARKS_PLAN.read_text().replace(
        "  title: Opening parks at night", "  title: {en: Parks, cy: Parciau}"
    )
    file = begin_file(text=text, actor=editor)
    about = page_of(file, "about")
    assert "can only be shown in the file itself" in officer.get(about).content.decode()
    send(officer, about, {"owner": "The Parks Team"})
    file.refresh_from_db()
    consultation = values_of(file.text)["consultation"]
    assert consultation["title"] == {"en": "Parks", "cy": "Parciau"}
    assert consultation["owner"] == "The Parks Team"


def test_a_change_of_the_text_is_on_the_trail_by_its_lines(
    officer: Client, parks: PlanFile
) -> None:
    text = parks.text.replace("owner: The Parks Office", "owner: The Parks Team", 1)
    send(officer, reverse("plan-file-text", args=[parks.pk]), {"text": text})
    changed = AuditEntry.objects.latest("pk").details["changed"]
    assert [line for line in changed if line[0] in "+-"] == [
        "-  owner: The Parks Office",
        "+  owner: The Parks Team",
    ]


def upload(officer: Client, content: bytes) -> str:
    file = SimpleUploadedFile("plan.yaml", content)
    page = officer.post(reverse("begin-plan-file"), {"file": file}, follow=True)
    return page.content.decode()


def test_a_file_is_uploaded_with_whatever_is_wrong_with_it(officer: Client) -> None:
    assert "Opening parks at night" in upload(officer, PARKS_PLAN.read_bytes())
    assert "What is wrong with it" in upload(officer, b"a: [")
    assert PlanFile.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"title: caf\xe9", "The file is not UTF-8 text."),
        (b"title: a\x00b", "contains a character that we cannot store"),
        (b"x" * 500_001, "The file is larger than 500,000 bytes."),
    ],
)
def test_a_file_that_cannot_be_kept_is_refused_in_words(
    officer: Client, content: bytes, says: str
) -> None:
    assert says in upload(officer, content)
    assert not PlanFile.objects.exists()


def test_a_copy_begins_with_what_was_published(officer: Client, parks: PlanFile) -> None:
    begin = reverse("begin-plan-file")
    # What nobody published is nobody's to copy.
    page = officer.post(begin, {"copy": parks.pk}).content.decode()
    assert "Choose a file, a consultation to copy, or give a title." in page
    send(officer, reverse("publish-plan-file", args=[parks.pk]), {"sure": "yes"})
    officer.post(begin, {"copy": parks.pk})
    assert PlanFile.objects.get(published_at=None).text == parks.text
