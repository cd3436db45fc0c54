"""The help page: every address and picture on it is there, and `make pictures` takes the pictures
again.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page

from consult.models import Consultation, User
from responses.dashboard.tallies import tally
from responses.demo.filling import fill_responses
from responses.models import Cluster, Response
from responses.reviewing.campaigns import name_campaign
from responses.reviewing.clusters import find_clusters
from responses.reviewing.codebooks import make_code
from responses.reviewing.coding import code_answer
from responses.reviewing.views.help import STEPS
from tests.journeys.test_accessibility import Visit, sign_in
from tests.responses.reviewing.test_similarity import EDITS, LETTER

PICTURES = Path(settings.BASE_DIR) / "consult" / "static"
COLOURS = 64


def test_each_step_has_a_picture_and_leads_somewhere(
    consultation: Consultation, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    rosa = sign_in(reviewer)
    page = rosa.get(reverse("help")).content.decode()
    for step in STEPS:
        assert f'id="{step.slug}"' in page
        assert Image.open(PICTURES / step.picture).size == (1280, 800)
        if step.address:
            assert rosa.get(reverse(step.address)).status_code == 200


@pytest.fixture
def visit(browser: object, live_server: object) -> object:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield Visit(context, live_server.url)
    context.close()


@pytest.mark.pictures
@pytest.mark.django_db(transaction=True)
def test_take_the_pictures(
    visit: Visit, consultation: Consultation, send: Callable[..., Response], administrator: User
) -> None:
    filled = {
        "consultation": consultation,
        "seed": 7,
        "actor": None,
        "production": False,
        "beside_real_people": True,
    }
    fill_responses(count=400, **filled)
    for letter in (LETTER, LETTER, EDITS["an opening"], EDITS["its middle cut out"]):
        send({"missing": letter, "publication": "anonymous", "violence-agree": "agree"}, email="")
    find_clusters(consultation=consultation)
    campaign = name_campaign(
        cluster=Cluster.objects.get(sample__texts__missing=LETTER),
        name="A youth worker in every ward",
        by=administrator,
    )
    words = {
        "group": "Services",
        "by": administrator,
        "consultation": consultation,
        "question": "missing",
    }
    youth = make_code(
        name="Youth work", definition="Clubs, workers and places to go. Not schools.", **words
    )
    make_code(name="Named responsibility", definition="Who answers for what, and by when.", **words)
    (first, *_others) = Response.objects.filter(texts__missing=LETTER)
    code_answer(response=first, question="missing", codes=[youth], by=administrator)
    tally(consultation=consultation)
    sign_in(visit, administrator)
    last = Response.objects.filter(texts__has_key="missing", synthetic=False).latest("id").reference
    codes = f"{reverse('code-answers', args=[consultation.slug, 'missing'])}?reference={last}"
    places = {
        "responses": reverse("review-list"),
        "one": reverse("review-one", args=[last]),
        "codes": codes,
        "campaigns": reverse("campaign", args=[campaign.pk]),
        "many": reverse("bulk-new") + "?state=unread&kind=organisation",
        "post": reverse("entering"),
        "publication": reverse("redact", args=[last]),
        "dashboard": reverse("dashboard"),
    }
    assert list(places) == [step.slug for step in STEPS]
    for step in STEPS:
        keep(visit.page, visit.root + places[step.slug], PICTURES / step.picture)


def keep(page: Page, address: str, path: Path) -> None:
    """A picture of what is on the screen, in few colours: a help page should not weigh more than
    what it explains.
    """
    page.goto(address)
    path.parent.mkdir(exist_ok=True)
    Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS).save(
        path, optimize=True
    )
