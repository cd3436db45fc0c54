"""What a respondent meets, page by page, without JavaScript."""

import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

from consult.models import Consultation
from consult.plans.document import Plan
from responses.answers import AnswersRefused
from responses.contacts import likely_meant, read_contact
from responses.models import Confirmation, Draft, Response
from responses.responding.drafting import save_part
from responses.urls import urlpatterns
from tests.support.forms import fields_to
from tests.support.recognising import sent_from

SLUG = "police-and-crime-plan-2021-25"
HOSTILE = (
    "=1+1\n<script>alert('x')</script> \u202eRTL عربي বাংলা 中文 𝔘 🙂 \x0b\u200d' \"; DROP TABLE"
)

pytestmark = pytest.mark.usefixtures("consultation")


@pytest.fixture
def rita() -> Client:
    """The respondent's browser, which checks CSRF tokens as a real one would be checked."""
    return Client()


def at(name: str, *more: str) -> str:
    return reverse(name, args=[SLUG, *more])


def named_in(route: URLPattern) -> set[str]:
    """The arguments of an address."""
    return set(re.findall(r"<\w+:(\w+)>", str(route.pattern)))


def answer(client: Client, part: str, **values: Any) -> Any:
    return client.post(
        at("part", part), {name.replace("_", "-"): value for name, value in values.items()}
    )


def checked(client: Client) -> dict[str, str]:
    """What the button of the check page would post."""
    return fields_to(client.get(at("check")), at("send"))


def send(client: Client, form: dict[str, str] | None = None) -> Any:
    return client.post(at("send"), checked(client) if form is None else form, follow=True)


def move_window(
    consultation: Consultation, *, opens: timedelta = timedelta(days=-30), closes: timedelta
) -> None:
    now = timezone.now()
    Consultation.objects.filter(pk=consultation.pk).update(
        opens_at=now + opens, closes_at=now + closes
    )


def test_continue_leads_through_every_part_to_the_check(rita: Client, plan: Plan) -> None:
    walked, address = [], at("part", plan.parts[0].slug)
    while address != at("check"):
        walked.append(address)
        page = rita.post(address, {})
        assert page.status_code == 303
        address = page["Location"]
    assert walked == [at("part", part.slug) for part in plan.parts]


@pytest.mark.parametrize("leads_to", ["tasks", "check", "later"])
def test_leaving_by_a_button_saves_first(rita: Client, leads_to: str) -> None:
    """Also what is not right yet, which Continue would ask to put right."""
    page = answer(rita, "about-you", email="not an address", name="Rita", to=leads_to)
    assert (page.status_code, page.headers["Location"]) == (303, at(leads_to))
    assert Draft.objects.get().answers == {"email": "not an address", "name": "Rita"}


def test_leaving_an_empty_page_begins_nothing(rita: Client) -> None:
    page = answer(rita, "violence", violence_comment="", to="tasks")
    assert (page.status_code, page.headers["Location"]) == (303, at("tasks"))
    assert not Draft.objects.exists()


def test_only_a_part_with_an_answer_is_done(rita: Client) -> None:
    answer(rita, "violence", violence_comment="")
    answer(rita, "trust", trust_comment="More of it.")
    assert Draft.objects.get().parts_done == ["trust"]


def test_the_task_list_says_how_far_each_part_has_got(rita: Client) -> None:
    answer(rita, "violence", violence_comment="Done with this.")
    answer(rita, "trust", trust_comment="x" * 5001)
    text = rita.get(at("tasks")).content.decode()
    states = dict(re.findall(r'id="state-([a-z-]+)">\s*(?:<strong[^>]*>)?([^<]+?)\s*<', text))
    assert (states["violence"], states["trust"], states["victims"]) == (
        "Done",
        "In progress",
        "Not started",
    )


def test_every_word_arrives_as_it_was_typed(rita: Client) -> None:
    answer(rita, "violence", violence_agree="agree", violence_comment=HOSTILE.replace("\n", "\r\n"))
    about = {
        "capacity": "organisation",
        "organisation-name": "'Æ & Co",
        "organisation-type": "other",
        "organisation-type--other": "A choir",
    }
    rita.post(
        at("part", "about-you"),
        {
            **about,
            "connection": ["work", "live"],
            "name": "Zoë O’Shea-李",
            "email": "zoe@example.org",
            "postcode": "se1 0ll",
        },
    )
    page = send(rita)
    response = Response.objects.get()
    assert response.texts == {
        "violence-comment": HOSTILE,
        "organisation-name": "'Æ & Co",
        "organisation-type--other": "A choir",
    }
    chosen = {
        "capacity": "organisation",
        "organisation-type": "other",
        "connection": ["live", "work"],
    }
    assert response.choices == {"violence-agree": "agree", **chosen}
    assert (response.contact.name, response.contact.email, response.contact.postcode_district) == (
        "Zoë O’Shea-李",
        "zoe@example.org",
        "SE1",
    )
    assert response.reference in page.content.decode()
    assert "<script>alert" not in page.content.decode()
    assert Draft.objects.count() == 0


def test_errors_are_beside_their_fields_and_everything_typed_is_kept(
    rita: Client,
) -> None:
    page = answer(rita, "violence", violence_agree="disagree", violence_comment="y" * 5003)
    text = page.content.decode()
    assert "<title>Error: Reducing and preventing violence" in text
    assert text.count("Your answer must be 5,000 characters or fewer. It is 3 over.") == 2
    assert 'href="#id_violence-comment"' in text
    assert "y" * 5003 in text
    assert re.search(r'value="disagree"\s+id="id_violence-agree-4" checked', text)
    assert Draft.objects.get().answers == {
        "violence-agree": "disagree",
        "violence-comment": "y" * 5003,
    }


def test_every_link_of_an_error_summary_leads_to_a_field(rita: Client) -> None:
    bad = {
        "capacity": "nobody",
        "connection": ["live", "none"],
        "borough": "atlantis",
        "name": "n" * 201,
        "email": "a@[127.0.0.1]",
        "postcode": "p" * 21,
    }
    text = rita.post(at("part", "about-you"), bad).content.decode()
    links = re.findall(r'<li><a href="#([^"]+)">', text)
    assert links == [
        "id_capacity",
        "id_connection",
        "id_borough",
        "id_name",
        "id_email",
        "id_postcode",
    ]
    assert [link for link in links if f'id="{link}"' not in text] == []


@pytest.mark.parametrize(
    "address",
    [
        "rita@localhost",
        "rita",
        "rita@",
        "@example.org",
        "rita@example.org\nBcc: x@example.org,",
        "a@[127.0.0.1]",
    ],
)
def test_an_address_where_no_email_can_go_is_questioned(rita: Client, address: str) -> None:
    page = rita.post(at("part", "about-you"), {"email": address})
    assert (
        "Enter an email address like name@example.com, or leave it empty." in page.content.decode()
    )


def test_change_leads_back_to_the_check(rita: Client) -> None:
    answer(rita, "violence", violence_comment="First.")
    links = re.findall(
        r'href="([^"]*return=check#[^"]*violence-comment)"', rita.get(at("check")).content.decode()
    )
    assert links == [f"{at('part', 'violence')}?return=check#id_violence-comment"]
    page = rita.post(links[0].split("#")[0], {"violence-comment": "Second."})
    assert page["Location"] == at("check")


def test_an_empty_response_is_refused_with_what_to_do(rita: Client) -> None:
    answer(rita, "about-you", capacity="individual")
    page = send(rita)
    assert "You have not answered anything yet." in page.content.decode()
    assert "<title>Error:" in page.content.decode()
    assert Response.objects.count() == 0


def test_sending_again_shows_the_same_receipt_also_after_closing(
    rita: Client, consultation: Consultation
) -> None:
    answer(rita, "violence", violence_comment="Once.")
    form = checked(rita)
    first = send(rita, form).redirect_chain
    assert send(rita, form).redirect_chain == first
    move_window(consultation, closes=timedelta(days=-2))
    assert send(Client(), form).redirect_chain == first
    assert Response.objects.count() == 1


def test_a_form_sent_again_with_other_words_keeps_both_and_says_so(rita: Client) -> None:
    answer(rita, "violence", violence_comment="Once.")
    form = checked(rita)
    send(rita, form)
    other = Draft.objects.create(
        consultation=Consultation.objects.get(),
        token_hash="0" * 64,
        submission_key=UUID(form["submission_key"]),
    )
    save_part(
        draft=other, part="general", fields=["missing"], values={"missing": "More."}, done=None
    )
    rita.cookies[f"draft-{other.consultation_id}"] = "anything"
    Draft.objects.filter(pk=other.pk).update(token_hash=sha256(b"anything").hexdigest())
    page = send(rita, form)
    assert page.status_code == 409
    assert Response.objects.get().reference in page.content.decode()
    assert Draft.objects.get().answers == {"missing": "More."}


def test_two_people_on_one_device_after_each_other_are_two_responses(rita: Client) -> None:
    for words in ("Mine.", "Mine."):
        answer(rita, "violence", violence_comment=words)
        send(rita)
    assert Response.objects.count() == 2


def test_before_opening_every_page_says_so(rita: Client, consultation: Consultation) -> None:
    move_window(consultation, opens=timedelta(days=1), closes=timedelta(days=2))
    for address in (at("tasks"), at("part", "violence"), at("check"), at("start")):
        assert "Not open yet" in rita.get(address).content.decode(), address
    assert "169 Union Street" in rita.get(at("tasks")).content.decode()


def test_after_closing_every_page_says_so_and_shows_what_was_written(
    rita: Client, consultation: Consultation
) -> None:
    answer(rita, "violence", violence_comment="Half a thought.")
    form = checked(rita)
    move_window(consultation, closes=timedelta(minutes=-11))
    for address in (at("tasks"), at("part", "violence"), at("check")):
        text = rita.get(address).content.decode()
        assert "This consultation has closed" in text
        assert "Half a thought." in text
        assert "169 Union Street" in text
    assert (
        "A late second thought."
        in answer(rita, "trust", trust_comment="A late second thought.").content.decode()
    )
    assert (
        "A first thought, too late."
        in answer(Client(), "trust", trust_comment="A first thought, too late.").content.decode()
    )
    # What came after the check is on the page too, and nothing says that it could be sent.
    late = send(rita, form).content.decode()
    assert "This consultation has closed" in late
    assert "A late second thought." in late
    assert Response.objects.count() == 0


def test_after_closing_what_was_written_can_be_taken_away_as_text(
    rita: Client, consultation: Consultation
) -> None:
    answer(rita, "violence", violence_comment="Half a thought <b>&amp;</b>\nعربي 🙂")
    answer(rita, "about-you", email="rita@example.org")
    move_window(consultation, closes=timedelta(minutes=-11))
    assert f'href="{at("draft-text")}"' in rita.get(at("tasks")).content.decode()
    copy = rita.get(at("draft-text"))
    assert (
        copy["Content-Disposition"]
        == 'attachment; filename="police-and-crime-plan-2021-25-not-sent.txt"'
    )
    assert copy["Cache-Control"] == "no-store"
    text = copy.content.decode("utf-8-sig")
    assert "Half a thought <b>&amp;</b>\r\nعربي 🙂\r\n" in text
    assert "Email: rita@example.org" in text
    assert "not sent" in text
    # Someone else has nothing there.
    stranger = Client().get(at("draft-text"))
    assert (stranger.status_code, stranger["Location"]) == (302, at("tasks"))
    assert at("draft-text") not in Client().get(at("tasks")).content.decode()


def test_an_address_that_takes_forms_leads_anyone_else_on(rita: Client) -> None:
    """Each of them, also one that is added later: loaded again, bookmarked or gone back to."""
    answer(rita, "violence", violence_comment="More youth workers.")
    token = str(send(rita).context["token"])
    values = {"consultation": SLUG, "part": "violence", "token": token}
    theirs = [route for route in urlpatterns if {"consultation", "token"} & named_in(route)]
    found = {
        route.name: rita.get(reverse(route.name, kwargs={n: values[n] for n in named_in(route)}))
        for route in theirs
        if not str(route.pattern).startswith("staff/") and route.name != "published-file"
    }
    assert {name for name, page in found.items() if page.status_code not in {200, 302}} == {
        *{"published-responses", "come-back", "end-reminders", "read-draft", "read-draft-word"}
    }
    assert {found[name].headers["Location"] for name in ("another", "send", "discard", "save")} == {
        *{at("tasks"), at("check"), at("part", "violence")}
    }


def test_someone_too_late_even_to_start_gets_their_words_back(
    consultation: Consultation,
) -> None:
    move_window(consultation, closes=timedelta(minutes=-11))
    late = Client()
    page = answer(
        late, "general", missing="Too <late>, at\nlength", top_sections=["violence", "trust"]
    ).content.decode()
    form = re.findall(
        rf'<form method="post" action="{at("draft-text")}".*?</form>', page, re.DOTALL
    )[0]
    typed = [
        (name, unescape(value))
        for name, value in re.findall(
            r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', form, re.DOTALL
        )
    ]
    assert ("top-sections", "trust") in typed
    fields = {name: [value for other, value in typed if other == name] for name, _value in typed}
    text = late.post(at("draft-text"), fields).content.decode("utf-8-sig")
    assert "Too <late>, at\r\nlength\r\n" in text
    assert "Increasing trust and confidence" in text
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=8), None),
        (
            timedelta(days=6, hours=1),
            "6 days left to answer. Send your response before this consultation closes at",
        ),
        (
            timedelta(hours=5, minutes=1),
            "Answers that are saved but not sent by then will not count.",
        ),
    ],
)
def test_in_the_last_days_and_hours_the_form_says_so(
    rita: Client, consultation: Consultation, left: timedelta, words: str | None
) -> None:
    answer(rita, "violence", violence_comment="Half a thought.")
    move_window(consultation, closes=left)
    pages = [
        at("tasks"),
        at("part", "violence"),
        at("check"),
        at("section", "violence"),
        at("recommendation", "zero-murders"),
    ]
    for address in (*pages, at("how-to-respond"), at("sources")):
        text = " ".join(rita.get(address).content.decode().split())
        assert ("left to answer" in text) == (words is not None), address
        assert (words or "") in text


def test_only_those_who_started_before_closing_can_send_in_the_grace(
    rita: Client, consultation: Consultation
) -> None:
    rita.get(at("part", "violence"))
    move_window(consultation, closes=timedelta(seconds=-5))
    Consultation.objects.filter(pk=consultation.pk).update(closes_at=timezone.now())
    page = answer(rita, "violence", violence_comment="Just in time.")
    assert page.status_code == 303
    assert "You started before it closed" in rita.get(at("check")).content.decode()
    send(rita)
    assert Response.objects.get().timing == "in-grace"
    assert "This consultation has closed" in Client().get(at("part", "violence")).content.decode()


def test_an_opening_time_cannot_be_made_up(consultation: Consultation) -> None:
    move_window(consultation, closes=timedelta(minutes=-1))
    liar = Client()
    liar.cookies[f"opened-{consultation.pk}"] = (timezone.now() - timedelta(days=3)).isoformat()
    assert "This consultation has closed" in liar.get(at("tasks")).content.decode()


@pytest.mark.parametrize("value", ["\x00", "a\x00b", "\ud83d", "x" * 100_000, "\u200b"])
@pytest.mark.parametrize("part", ["violence", "general", "about-you"])
def test_odd_characters_are_never_our_error(
    rita: Client, plan: Plan, part: str, value: str
) -> None:
    names = [question.slug for question in plan.questions_of(part)] + ["name", "email", "postcode"]
    data = "&".join(f"{name}={value}" for name in names).encode("utf-8", "surrogatepass")
    page = rita.post(at("part", part), data, content_type="application/x-www-form-urlencoded")
    assert page.status_code in {200, 303}
    assert rita.get(at("check")).status_code == 200


@pytest.mark.parametrize("key", ["", "x", "0" * 40, "\x00", "00000000-0000-4000-8000-000000000000"])
def test_an_invalid_submission_key_is_refused_in_words(rita: Client, key: str) -> None:
    assert send(rita, {"submission_key": key}).status_code in {200, 404}
    assert Response.objects.count() == 0


def test_personal_pages_are_not_cached(rita: Client) -> None:
    answer(rita, "violence", violence_comment="Private.")
    pages = [
        rita.get(at("tasks")),
        rita.get(at("part", "violence")),
        rita.get(at("check")),
        send(rita),
    ]
    assert [(page["Cache-Control"], page["X-Robots-Tag"]) for page in pages] == [
        ("no-store", "noindex")
    ] * 4
    assert "sessionid" not in rita.cookies
    assert "session" not in rita.cookies


def test_a_receipt_opens_for_its_token_alone(rita: Client) -> None:
    answer(rita, "violence", violence_comment="Private.")
    address = send(rita).redirect_chain[-1][0]
    assert Client().get(address).status_code == 200
    assert Client().get(address[:-2] + "/").status_code == 404
    assert (
        Client().get(reverse("receipt", args=[Response.objects.get().reference])).status_code == 404
    )


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("waiting", "An email with your reference is on its way to you."),
        ("sent", "We have sent you an email with your reference."),
        ("failed", "The reason we were given: “no such person”"),
        ("not-wanted", "You did not give an email address"),
    ],
)
def test_the_receipt_says_what_became_of_the_email(
    rita: Client, submit: Callable[..., Any], state: str, words: str
) -> None:
    sent = submit()
    token = sent.receipt_token
    sent_from(rita, sent.response)
    Confirmation.objects.update(state=state, reason="no such person" if state == "failed" else "")
    assert words in " ".join(rita.get(reverse("receipt", args=[token])).content.decode().split())


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        *[
            (typed, "SE1")
            for typed in ("se1", "SE1 0LL", "SE1 OLL", "SEI 0LL", "SE1-0LL", "se10ll")
        ],
        *[
            (typed, "SE1")
            for typed in ("SE1 0LL, by the park", "S\u200bE1\u20610L\ufeffL", "ＳＥ１")
        ],
        *[("EC1A 1BB", "EC1A"), ("SE109XX", "SE10"), ("I live in N22", "N22"), ("\u200b", "")],
    ],
)
def test_of_a_postcode_only_the_district_is_kept(typed: str, kept: str) -> None:
    assert read_contact({"postcode": typed})["postcode_district"] == kept


def test_what_is_no_postcode_is_refused_in_words() -> None:
    with pytest.raises(AnswersRefused) as refused:
        read_contact({"postcode": "By the park"})
    assert refused.value.problems["postcode"].startswith("Enter the first half of a UK postcode")


def test_what_shows_nothing_around_an_address_is_not_kept() -> None:
    typed = {"email": "\u200b rita@example.org\ufeff\u200e", "name": "\u2060Rita\u200b"}
    assert read_contact(typed) | {"postcode_district": ""} == {
        "name": "Rita",
        "email": "rita@example.org",
        "postcode_district": "",
    }


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *[
            ("rita@gmial.com", "rita@gmail.com"),
            ("rita@gmai.com", "rita@gmail.com"),
            ("Rita@Hotmial.co.uk", "Rita@hotmail.co.uk"),
        ],
        *[
            ("rita@yaho.co.uk", "rita@yahoo.co.uk"),
            ("rita@outlok.com", "rita@outlook.com"),
            ("rita@iclod.com", "rita@icloud.com"),
        ],
        *[
            ("rita@gmail.com", ""),
            ("rita@mail.com", ""),
            ("rita@gmx.com", ""),
            ("rita@islington.gov.uk", ""),
            ("rita@example.org", ""),
        ],
        *[("", ""), ("rita", ""), ("@", "")],
    ],
)
def test_an_address_one_slip_away_from_a_common_one_is_noticed(typed: str, meant: str) -> None:
    assert likely_meant(typed) == meant


def test_an_email_that_looks_mistyped_is_questioned_once_then_kept() -> None:
    rita = Client()
    asked = answer(rita, "about-you", email="rita@gmial.com")
    text = asked.content.decode()
    assert text.count("Did you mean rita@gmail.com?") == 2
    assert 'value="rita@gmial.com"' in text
    kept = rita.post(
        at("part", "about-you"), {"email": "rita@gmial.com", "email_meant": "rita@gmial.com"}
    )
    assert kept.status_code == 303
    assert Draft.objects.get().answers["email"] == "rita@gmial.com"
    # Another slip is another question.
    assert (
        rita.post(
            at("part", "about-you"), {"email": "rita@gmai.com", "email_meant": "rita@gmial.com"}
        ).status_code
        == 200
    )
