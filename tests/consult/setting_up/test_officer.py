"""An officer who has never seen the service sets up a consultation, by pages alone."""

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import AuditEntry, Consultation, PlanFile, User
from tests.consult.setting_up.conftest import entry_of, page_of, send

pytestmark = pytest.mark.django_db

AGREEMENT = "# agreement\nAgree | 2\nNeither | 1\nDisagree | 0"
QUESTIONS = [
    ("each_section", {"text": "Do you agree with {title}?", "kind": "one", "scale": "agreement"}),
    ("each_section", {"text": "Why?", "kind": "text"}),
    ("general", {"text": "What do you use the library for?", "kind": "many",
                 "options": "Books\nComputers\nSomething else\nNothing",
                 "write_in": "Something else", "exclusive": "Nothing"}),
    ("general", {"text": "How far away do you live?", "kind": "number", "unit": "miles",
                 "least": "0", "most": "30"}),
    ("general", {"text": "When were you last there?", "kind": "date"}),
    ("about_you", {"text": "Where do you live?", "kind": "one",
                   "options": "# North\nBarnet\nEnfield\n# South\nSutton"}),
    ("equality", {"text": "How old are you?", "kind": "one", "options": "Under 25\n25 or over"}),
]  # fmt: skip


@pytest.fixture
def library(officer: Client) -> PlanFile:
    """A whole plan file, made on pages."""
    send(officer, reverse("begin-plan-file"), {"title": "A new library"})
    file = PlanFile.objects.get()
    pages = {
        "about": {"slug": "new-library", "summary": "Where should it be?", "owner": "The council"},
        "dates": {"closes": "31 December"},
        "contact": {"contact.organisation": "The council", "contact.email": "books@example.org",
                    "ways_to_respond": "online | Online\npost | By post"},
        "scales": {"scales": AGREEMENT},
    }  # fmt: skip
    for name, typed in pages.items():
        send(officer, page_of(file, name), typed)
    for title in ("Opening hours", "The building"):
        typed = {"title": title, "summary": f"What we plan.\n\nFor {title}."}
        send(officer, entry_of(file, "sections"), typed)
    for group, typed in QUESTIONS:
        send(officer, entry_of(file, group), typed)
    file.refresh_from_db()
    return file


def test_a_consultation_is_set_up_previewed_and_published(
    officer: Client, library: PlanFile
) -> None:
    page = officer.get(reverse("plan-file", args=[library.pk])).content.decode()
    assert "Nothing is missing." in page
    preview = officer.get(reverse("preview", args=[library.pk, "open"]), follow=True)
    assert "A new library" in preview.content.decode()
    assert not Consultation.objects.exists(), "a preview leaves nothing behind"
    address = reverse("publish-plan-file", args=[library.pk])
    assert "Tick the box" in officer.post(address).content.decode()
    assert send(officer, address, {"sure": "yes"}) == reverse(
        "set-up-consultation", args=["new-library"]
    )
    made = Consultation.objects.get()
    assert Client().get(reverse("start", args=["new-library"])).status_code == 200
    asked = {row.slug: row for row in made.questions.all()}
    assert len(asked) == 9
    assert asked["opening-hours-do-you-agree-with-title"].text == "Do you agree with Opening hours?"
    uses = {row.label: row for row in asked["what-do-you-use-the-library-for"].options.all()}
    assert [label for label, row in uses.items() if row.write_in] == ["Something else"]
    assert [label for label, row in uses.items() if row.exclusive] == ["Nothing"]
    boroughs = asked["where-do-you-live"].options.values_list("group", "label")
    assert list(boroughs) == [("North", "Barnet"), ("North", "Enfield"), ("South", "Sutton")]


def test_every_page_of_the_preview_leads_to_others_of_the_preview(
    officer: Client, library: PlanFile
) -> None:
    start = reverse("preview", args=[library.pk, "open"])
    for path in ("new-library/", "new-library/sections/opening-hours/", "new-library/paper-form/"):
        page = officer.get(f"{start}{path}").content.decode()
        assert "This is a preview." in page
        assert 'href="/new-library' not in page
        assert f'href="{start}new-library/' in page
    part = officer.get(f"{start}new-library/respond/opening-hours/").content.decode()
    assert "Do you agree with Opening hours?" in part


@pytest.mark.parametrize(
    ("state", "says"), [("advance", "opens at"), ("open", "closes at"), ("closed", "closed at")]
)
def test_the_preview_shows_each_state(
    officer: Client, library: PlanFile, state: str, says: str
) -> None:
    page = officer.get(f"{reverse('preview', args=[library.pk, state])}new-library/")
    assert f"This consultation {says}" in page.content.decode()


def test_nothing_is_sent_from_a_preview(officer: Client, library: PlanFile) -> None:
    start = reverse("preview", args=[library.pk, "open"])
    page = officer.post(f"{start}new-library/respond/send/", {"name": "Rita"})
    assert "Nothing is saved or sent from a preview" in page.content.decode()
    assert set(page.cookies) <= {"csrf"}
    assert not Consultation.objects.exists()


@pytest.mark.parametrize("path", ["staff/accounts/", "privacy/", "other/", "no/such/page/"])
def test_a_preview_shows_pages_of_its_own_consultation_alone(
    officer: Client, library: PlanFile, path: str
) -> None:
    start = reverse("preview", args=[library.pk, "open"])
    assert officer.get(f"{start}{path}").status_code == 404


def test_every_change_is_on_the_trail_with_what_it_was_before(
    officer: Client, library: PlanFile, editor: User
) -> None:
    send(officer, page_of(library, "about"), {"title": "The library"})
    entry = AuditEntry.objects.latest("pk")
    assert (entry.actor, entry.subject) == (editor, f"plan file {library.pk}")
    change = {"title": {"before": "A new library", "after": "The library"}}
    assert entry.details["changed"] == change


def test_saving_what_is_there_changes_nothing(officer: Client, library: PlanFile) -> None:
    before, entries = library.text, AuditEntry.objects.count()
    for name in ("about", "dates", "contact", "scales", "references", "equality-introduction"):
        send(officer, page_of(library, name), {})
    for group in ("sections", *dict(QUESTIONS)):
        send(officer, entry_of(library, group, 1), {})
    library.refresh_from_db()
    assert (library.text, AuditEntry.objects.count()) == (before, entries)
