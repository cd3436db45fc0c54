"""The pages that a public service owes, and the words that only an operator can write."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.cookies import Morsel
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core import checks
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from consult.clock import day_in_words
from consult.env.setting import colour
from consult.models import Consultation, User
from consult.plans.loading import load_plan
from responses.responding.drafting import expire_at
from tests.conftest import BUNDLED_PLAN
from tests.support.forms import fields_to

NOTICES = ["accessibility", "cookies", "safety"]


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_every_page_leads_to_the_notices(client: Client, consultation: Consultation) -> None:
    privacy = reverse("consultation-privacy", args=[consultation.slug])
    for address in (
        "/nowhere/",
        reverse("start", args=[consultation.slug]),
        reverse("tasks", args=[consultation.slug]),
    ):
        page = client.get(address).content.decode()
        for name in NOTICES:
            assert f'href="{reverse(name)}"' in page
        assert f'href="{privacy}"' in page or f'href="{reverse("privacy")}"' in page
    assert client.get(reverse("privacy"))["Location"] == privacy


def test_with_several_consultations_their_privacy_notices_are_listed(
    client: Client, consultation: Consultation
) -> None:
    load_plan(
        text=BUNDLED_PLAN.read_text().replace(
            "slug: police-and-crime-plan-2021-25", "slug: another"
        ),
        actor=None,
    )
    page = client.get(reverse("privacy")).content.decode()
    for slug in (consultation.slug, "another"):
        assert f'href="{reverse("consultation-privacy", args=[slug])}"' in page


def test_the_privacy_notice_gives_the_plans_words_or_says_none_are_set(
    client: Client, consultation: Consultation, settings: Settings
) -> None:
    address = reverse("consultation-privacy", args=[consultation.slug])
    page = words_of(client.get(address).content.decode())
    assert "have not yet said here which organisation is responsible" in page
    for wanted in (
        "Article 6(1)(e)",
        "Article 9(2)(g)",
        "Police Reform and Social Responsibility Act 2011",
        "ico.org.uk/make-a-complaint",
    ):
        assert wanted in page
    assert f"have not sent on {day_in_words(expire_at(consultation))}." in page
    named = BUNDLED_PLAN.read_text().replace(
        "    postal_address:",
        (
            '    controller: "The Keepers, 1 Strand"\n    data_protection: "dpo@keepers.example"\n '
            "   "
            "postal_address:"
        ),
        1,
    )
    load_plan(text=named, actor=None)
    settings.OPERATOR = "The Runners"
    page = words_of(client.get(address).content.decode())
    for wanted in (
        "The Keepers, 1 Strand decides what",
        "dpo@keepers.example",
        "The Runners runs this site.",
    ):
        assert wanted in page
    assert "have not yet said" not in page


@pytest.mark.parametrize("handed_over", [True, False])
def test_the_privacy_notice_is_right_about_passing_on_contact_details(
    client: Client, consultation: Consultation, *, handed_over: bool
) -> None:
    Consultation.objects.update(batches_include_contacts=handed_over)
    page = client.get(reverse("consultation-privacy", args=[consultation.slug])).content.decode()
    assert ("Your answers and your contact details." in page, "Not your name" in page) == (
        handed_over,
        not handed_over,
    )


def test_a_browser_gets_the_cookies_on_the_page_for_as_long_as_it_says(
    client: Client, consultation: Consultation, send: Callable[..., object], reviewer: User
) -> None:
    page = client.get(reverse("cookies")).content.decode()
    rows = re.findall(
        r'<th scope="row"[^>]*>(\S+?)( and a number)?</th>'
        r"<td[^>]*>.*?</td><td[^>]*>(?:(\d+) (day|hour)s|Until you close your browser)</td>",
        page,
    )
    listed = {
        name: (bool(number), int(many or 0) * {"day": 86_400, "hour": 3600, "": 0}[unit])
        for name, number, many, unit in rows
    }
    slug = consultation.slug
    client.get(reverse("start", args=[slug]))
    client.get(reverse("tasks", args=[slug]))
    client.post(reverse("part", args=[slug, "violence"]), {"violence-comment": "More."})
    client.get(reverse("check", args=[slug]))
    sending = reverse("send", args=[slug])
    client.post(sending, fields_to(client.get(reverse("check", args=[slug])), sending))
    client.post(reverse("part", args=[slug, "violence"]), {"violence-comment": "And more."})
    client.get(reverse("tasks", args=[slug]))
    client.post(
        reverse("sign-in"),
        {"username": reviewer.username, "password": f"{reviewer.username} has a long password"},
    )
    client.get(reverse("start", args=[slug]), {"language": "cy"})
    got: dict[str, Morsel[str]] = dict(client.cookies)
    named = {re.sub(r"\d+$", "", name): int(morsel["max-age"] or 0) for name, morsel in got.items()}
    assert named == {name: seconds for name, (_, seconds) in listed.items()}
    assert {name for name in got if name[-1].isdigit()} == {
        f"{name}{consultation.pk}" for name, (number, _) in listed.items() if number
    }


def test_the_cookies_page_names_what_scripts_keep_in_a_browser(
    client: Client, consultation: Consultation
) -> None:
    frontend = Path(site.BASE_DIR) / "consult" / "frontend"
    scripts = {path.stem: path.read_text() for path in frontend.glob("*.mjs")}
    found = {
        name: re.findall(r"localStorage\.setItem\((\w+)", script)
        for name, script in scripts.items()
    }
    stores = {name: what for name, what in found.items() if what}
    assert stores == {"device": ["keyOf"], "keys": ["STORE"]}
    assert "const keyOf = (path, mark) => `${UNSAVED}${path} ${mark}`" in scripts["device"]
    page = client.get(reverse("cookies")).content.decode()
    for script, constant in (("device", "UNSAVED"), ("keys", "STORE")):
        (name,) = re.findall(rf"const {constant} = '(\w+) ?'", scripts[script])
        assert f"“{name}”" in page


def test_robots_txt_keeps_search_engines_from_receipts_and_answers(
    client: Client, consultation: Consultation
) -> None:
    lines = client.get("/robots.txt").content.decode().splitlines()
    assert lines[0] == "User-agent: *"
    kept = [line.removeprefix("Disallow: ") for line in lines[1:]]
    patterns = [re.escape(rule).replace(r"\*", ".*") for rule in kept]

    def refused(address: str) -> bool:
        return any(re.match(pattern, address) for pattern in patterns)

    for name, arguments in (
        ("receipt", ["token"]),
        ("tasks", [consultation.slug]),
        ("part", [consultation.slug, "violence"]),
        ("sign-in", []),
    ):
        assert refused(reverse(name, args=arguments))
    for name in ("start", "how-to-respond", "paper-form"):
        assert not refused(reverse(name, args=[consultation.slug]))


def test_security_txt_gives_the_contact_or_is_missing_without_one(
    client: Client, settings: Settings
) -> None:
    settings.SECURITY_CONTACT = ""
    assert client.get("/.well-known/security.txt").status_code == 404
    settings.SECURITY_CONTACT, settings.SITE_URL = (
        "mailto:security@example.org",
        "https://consult.example.org",
    )
    answer = client.get("/.well-known/security.txt")
    assert answer["Content-Type"].startswith("text/plain")
    fields = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert fields["Contact"] == "mailto:security@example.org"
    assert fields["Canonical"] == "https://consult.example.org/.well-known/security.txt"
    assert fields["Policy"] == "https://consult.example.org/security/"
    assert "mailto:security@example.org" in client.get("/security/").content.decode()
    # RFC 9116, 2.5.5: an instant, less than a year away.
    expires = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=30) < expires - timezone.now() < timedelta(days=365)


def test_pages_that_people_share_have_a_card_with_our_own_picture(
    client: Client, consultation: Consultation, settings: Settings
) -> None:
    settings.SITE_URL = "https://consult.example.org"
    for address in (
        reverse("start", args=[consultation.slug]),
        reverse("section", args=[consultation.slug, "violence"]),
        reverse("recommendation", args=[consultation.slug, "zero-murders"]),
    ):
        card = dict(
            re.findall(
                r'<meta property="og:(\S+)" content="([^"]*)">',
                client.get(address).content.decode(),
            )
        )
        assert card["url"] == f"https://consult.example.org{address}"
        assert card["image"] == "https://consult.example.org/static/consult/card.png"
        assert card["title"]
        assert 20 < len(card["description"]) <= 200


def test_an_icon_is_found_where_browsers_look_for_it(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"] == "/static/consult/favicon.png"


def test_a_request_too_large_is_refused_with_a_word_on_the_answers(
    client: Client, consultation: Consultation, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = client.post(
        reverse("part", args=[consultation.slug, "violence"]), {"violence-comment": "x" * 2000}
    )
    assert answer.status_code == 413
    assert "It was not saved" in answer.content.decode()
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    fields = {str(number): "x" for number in range(10)}
    assert (
        client.post(reverse("part", args=[consultation.slug, "violence"]), fields).status_code
        == 413
    )


def deploy_messages() -> list[str]:
    return [
        str(message.msg)
        for message in checks.run_checks(include_deployment_checks=True)
        if message.id == "consult.I001"
    ]


def test_the_deployment_check_names_each_text_that_is_still_empty(
    consultation: Consultation, settings: Settings
) -> None:
    said = deploy_messages()
    for name in (
        "OPERATOR",
        "SECURITY_CONTACT",
        "contact.controller",
        "contact.data_protection",
        "contact.formats",
    ):
        assert [sentence for sentence in said if sentence.startswith(f"{name} is empty")], name
    assert not [sentence for sentence in said if "postal_address" in sentence]
    settings.OPERATOR = settings.CONTACT_EMAIL = settings.ACCESSIBILITY_CONTACT = (
        settings.SECURITY_CONTACT
    ) = "someone"
    texts = dict.fromkeys(["telephone", "formats", "controller", "data_protection"], "something")
    consultation.contact = consultation.contact | texts
    consultation.save(update_fields=["contact"])
    assert deploy_messages() == []


def test_the_site_is_called_what_its_operator_calls_it(
    client: Client, consultation: Consultation, settings: Settings
) -> None:
    address = reverse("how-to-respond", args=[consultation.slug])
    ours = client.get(address).content.decode()
    assert "London consultations" in ours
    assert "not run or approved by MOPAC" in words_of(ours)
    settings.SITE_NAME, settings.OPERATOR = "Talk London", "The GLA"
    theirs = client.get(address).content.decode()
    assert "London consultations" not in theirs
    assert "Talk London" in theirs
    assert "The GLA runs this site. It is not part of GOV.UK." in " ".join(theirs.split())
    assert "not run or approved by MOPAC" not in theirs
    settings.DISCLAIMER = "Run by the GLA for MOPAC."
    assert "Run by the GLA for MOPAC." in client.get(address).content.decode()


def test_the_site_has_its_operators_colour(
    client: Client, consultation: Consultation, settings: Settings
) -> None:
    address, sheet = reverse("sources", args=[consultation.slug]), reverse("site-colour")
    assert client.get(sheet).status_code == 404
    assert sheet not in client.get(address).content.decode()
    settings.SITE_COLOUR = "#4a1230"
    assert sheet in client.get(address).content.decode()
    assert ".app-hero" in client.get(sheet).content.decode()
    assert "#4a1230" in client.get(sheet).content.decode()


@pytest.mark.parametrize("value", ["red", "#fff", "#ffffff", "#00c8ff", "#12345g", "rgb(0,0,0)"])
def test_a_colour_on_which_white_words_cannot_be_read_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"write #|too light"):
        colour(value)


@pytest.mark.parametrize("value", ["", "#123c4a", "#000000", "#767676"])
def test_a_dark_colour_is_taken(value: str) -> None:
    assert colour(value) == value
