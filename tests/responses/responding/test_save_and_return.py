"""Save and come back later: a link that opens the draft anywhere, by email where wanted, and fills
nobody's inbox.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.test import Client

from consult.models import Consultation
from responses.models import Draft, DraftLink, Response
from responses.responding.draft_tokens import emailed_token, link_token
from responses.responding.drafting import find_draft
from responses.responding.save_and_return import ask_for_link, send_due_links
from responses.responding.trying import TRY_FOR
from tests.responses.responding.test_answering import answer, at, send
from tests.support.postbox import Postbox

pytestmark = pytest.mark.usefixtures("consultation")
MailThrough = Callable[[int], None]


@pytest.fixture
def rita() -> Client:
    """Someone who has started."""
    client = Client()
    answer(client, "violence", violence_comment="Half a thought.")
    return client


def link_on(page: str) -> str:
    """The link's path, as the page shows it."""
    return (
        "/"
        + unescape(re.findall(r'href="(https?://[^"]+/respond/back/[^"]+)"', page)[0]).split(
            "/", 3
        )[3]
    )


def test_the_link_opens_the_draft_elsewhere_and_looking_changes_nothing(
    rita: Client,
) -> None:
    link = link_on(rita.get(at("later")).content.decode())
    other = Client()
    looked = other.get(link)
    assert "Open the saved answers" in looked.content.decode()
    assert "Half a thought." not in looked.content.decode()
    assert set(looked.cookies) <= {settings.CSRF_COOKIE_NAME}
    opened = other.post(link)
    assert (opened.status_code, opened.headers["Location"]) == (303, at("tasks"))
    assert "Half a thought." in other.get(at("part", "violence")).content.decode()
    assert Draft.objects.count() == 1


def test_both_browsers_continue_in_one_draft(rita: Client) -> None:
    other = Client()
    other.post(link_on(rita.get(at("later")).content.decode()))
    answer(other, "trust", trust_comment="From the other device.")
    assert "From the other device." in rita.get(at("part", "trust")).content.decode()


def test_the_button_saves_the_page_but_does_not_mark_it_complete() -> None:
    ann = Client()
    page = answer(ann, "violence", violence_comment="Unfinished", to="later")
    assert (page.status_code, page.headers["Location"]) == (303, at("later"))
    draft = Draft.objects.get()
    assert (draft.answers, draft.parts_done) == ({"violence-comment": "Unfinished"}, [])


def test_without_a_draft_there_is_no_link_to_return_by() -> None:
    assert Client().get(at("later")).headers["Location"] == at("tasks")


@pytest.mark.parametrize("token", ["x", "x:y", ":", "0" * 32 + ":" + "A" * 43])
def test_a_link_that_was_tampered_with_opens_nothing_and_says_why(
    rita: Client, token: str, consultation: Consultation
) -> None:
    page = Client().get(at("come-back", token))
    assert page.status_code == 404
    assert "There are no answers here" in page.content.decode()
    good = link_token(Draft.objects.get())
    with pytest.raises(Draft.DoesNotExist):
        find_draft(consultation=consultation, token=good[:-1] + ("A" if good[-1] != "A" else "B"))


def test_the_email_carries_the_link_and_nothing_that_was_typed(
    rita: Client, postbox: Postbox, mail_through: MailThrough
) -> None:
    mail_through(postbox.port)
    page = rita.post(at("later"), {"email": "rita@example.org"}, follow=True)
    assert "We are sending the link to the address you gave." in page.content.decode()
    assert send_due_links().sent == 1
    assert send_due_links().sent == 0
    (message,) = postbox.arrived
    assert message["To"] == "rita@example.org"
    body = message.get_body().get_content()
    assert emailed_token(Draft.objects.get()) in body
    assert link_token(Draft.objects.get()) not in body
    assert "Half a thought." not in body
    assert DraftLink.objects.get().state == "sent"


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "Enter the email address"), ("nowhere", "Enter an email address like")],
)
def test_an_invalid_email_address_is_named_and_kept_in_the_field(
    rita: Client, typed: str, words: str
) -> None:
    page = rita.post(at("later"), {"email": typed}).content.decode()
    assert page.count(words) == 2
    assert "<title>Error: " in page
    assert f'value="{typed}"' in page
    assert not DraftLink.objects.exists()


def test_nobodys_inbox_is_flooded_with_links(rita: Client) -> None:
    for number in range(7):
        page = rita.post(
            at("later"), {"email": "stranger@example.org" if number % 2 else "STRANGER@example.org"}
        ).content.decode()
    assert DraftLink.objects.count() == 5
    assert "We cannot send this link again today" in page


def test_a_link_the_mail_server_refuses_is_retried_then_given_up(
    rita: Client, postbox: Postbox, mail_through: MailThrough
) -> None:
    mail_through(1)
    link = ask_for_link(draft=Draft.objects.get(), email="rita@example.org")
    assert send_due_links().sent == 0
    mail_through(postbox.port)
    assert send_due_links().sent == 0
    DraftLink.objects.update(due_at=Now())
    assert send_due_links().sent == 1
    assert [message["Message-ID"] for message in postbox.arrived] == [link.message_id]
    DraftLink.objects.update(
        state="waiting", due_at=Now(), created_at=Now() - TRY_FOR - timedelta(minutes=1)
    )
    postbox.answers["rita@example.org"] = "450 4.2.0 try again later"
    assert send_due_links().sent == 0
    given_up = DraftLink.objects.get()
    assert (given_up.state, given_up.reason) == ("failed", "450 4.2.0 try again later")


def test_the_email_address_is_deleted_with_the_draft(rita: Client) -> None:
    ask_for_link(draft=Draft.objects.get(), email="rita@example.org")
    Draft.objects.get().delete()
    assert not DraftLink.objects.exists()


def colleague_of(rita: Client) -> Client:
    """Ben opens the link to Rita's answers."""
    ben = Client()
    ben.post(link_on(rita.get(at("later")).content.decode()))
    return ben


def mark_on(client: Client, part: str = "violence") -> str:
    return re.findall(
        r'name="draft" value="([^"]+)"', client.get(at("part", part)).content.decode()
    )[0]


@pytest.mark.parametrize("first", ["rita", "ben"])
def test_someone_typing_after_a_colleague_sent_is_told_and_keeps_all(
    rita: Client, first: str
) -> None:
    ben = colleague_of(rita)
    sender, typist = (rita, ben) if first == "rita" else (ben, rita)
    mark = mark_on(typist, "trust")
    send(sender)
    sent = Response.objects.get()
    # The script saves, and is told that trying again does not help.
    assert (
        typist.post(at("save", "trust"), {"draft": mark, "trust-comment": "Too late"}).status_code
        == 409
    )
    page = typist.post(
        at("part", "trust"),
        {"draft": mark, "trust-comment": "Too <late>\nفات", "trust-agree": "agree"},
    )
    words = page.content.decode()
    assert page.status_code == 409
    assert "These answers were sent" in words
    assert sent.reference in words
    assert "Too &lt;late&gt;\nفات" in words
    assert Draft.objects.count() == 0
    # As a new response, the words are there as they were typed.
    form = re.findall(
        r'<form method="post" action="([^"]+/respond/trust/)">(.*?)</form>', words, re.DOTALL
    )[0]
    fields = {
        name: unescape(value)
        for name, value in re.findall(
            r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', form[1], re.DOTALL
        )
    }
    assert typist.post(form[0], fields | {"draft": "new"}).status_code == 303
    assert Draft.objects.get().answers == {
        "trust-comment": "Too <late>\nفات",
        "trust-agree": "agree",
    }
    assert Response.objects.count() == 1


def test_someone_back_after_a_colleague_sent_reads_when_and_can_restart(
    rita: Client,
) -> None:
    link = link_on(rita.get(at("later")).content.decode())
    ben = colleague_of(rita)
    send(ben)
    reference = Response.objects.get().reference
    for page in [rita.get(at(*name)) for name in (["tasks"], ["part", "violence"], ["check"])] + [
        Client().get(link)
    ]:
        assert page.status_code == 200
        assert "These answers were sent" in page.content.decode()
        assert reference in page.content.decode()
    assert rita.post(at("another")).headers["Location"] == at("tasks")
    assert "Not started" in rita.get(at("tasks")).content.decode()
    # Nobody without the link learns anything.
    assert reference not in Client().get(at("tasks")).content.decode()


def test_a_second_tab_that_was_open_when_the_first_one_sent_loses_no_word(rita: Client) -> None:
    mark = mark_on(rita)
    send(rita)
    page = rita.post(
        at("part", "violence"), {"draft": mark, "violence-comment": "In the other tab"}
    )
    assert page.status_code == 409
    assert "You sent your response" in page.content.decode()
    assert "In the other tab" in page.content.decode()
    assert not Draft.objects.exists()


def test_the_next_person_on_a_device_starts_a_response_of_their_own(rita: Client) -> None:
    tasks = rita.get(at("tasks")).content.decode()
    assert "Not your answers?" in tasks
    rita.post(at("another"))
    answer(rita, "violence", violence_comment="Someone else.")
    receipt = send(rita).content.decode()
    assert "Someone else." in receipt
    assert f'action="{at("another")}"' in receipt
    # What the first one began is there again, and is a response of its own.
    assert "Half a thought." in rita.get(at("part", "violence")).content.decode()
    send(rita)
    assert sorted(response.texts["violence-comment"] for response in Response.objects.all()) == [
        "Half a thought.",
        "Someone else.",
    ]


def test_a_link_that_could_not_be_sent_is_reported_on_the_page(rita: Client) -> None:
    ask_for_link(draft=Draft.objects.get(), email="rita@example.org")
    assert "could not" not in rita.get(at("later")).content.decode()
    DraftLink.objects.update(attempts=2)
    assert (
        "The link could not be sent to rita@example.org yet."
        in rita.get(at("later")).content.decode()
    )
    DraftLink.objects.update(state="failed")
    assert (
        "We could not send the link to rita@example.org." in rita.get(at("later")).content.decode()
    )
