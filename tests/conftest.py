"""The people and things in the tests."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright
from pytest_django.fixtures import Settings

from consult.models import Consultation, Edition, User
from consult.plans import loading
from consult.plans.document import Plan
from consult.plans.editions import plan_of
from consult.plans.loading import load_plan
from consult.plans.publishing import publish_edition
from responses.answers import read_answers
from responses.models import Response
from responses.responding.submitting import Submission, Submitted, submit_response
from tests.support.acting import without_an_act
from tests.support.postbox import Postbox

BUNDLED_PLAN = Path(settings.BASE_DIR) / "consult" / "plans" / "police-and-crime-plan-2021-25.yaml"
PARKS_PLAN = BUNDLED_PLAN.with_name("parks-at-night.yaml")

# A busy machine is slow to make up examples, and no worse for that.
hypothesis.settings.register_profile(
    "no-clocks", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("no-clocks")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Temporary folders stand in this session's own one: a database that runs as another user can
    get there, and it goes at the end.
    """
    if config.option.basetemp is None:
        config.option.basetemp = str(Path(os.environ["TEST_VAR_DIR"]) / "tests")


@pytest.fixture(scope="session", autouse=True)
def folders_that_others_can_enter(tmp_path_factory: pytest.TempPathFactory) -> None:
    """pytest closes its temporary folders to other users."""
    base = tmp_path_factory.getbasetemp()
    for folder in (base, base.parent):
        if folder.is_relative_to(os.environ["TEST_VAR_DIR"]):
            folder.chmod(0o755)


@pytest.fixture(scope="session", autouse=True)
def each_plan_is_checked_once() -> Iterator[None]:
    """Most tests load the bundled plan, and checking it is half of the work; a check is a function
    of the text alone.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "check_plan", cache(loading.check_plan))
        yield


@pytest.fixture
def consultation(db: None) -> Consultation:
    """The bundled consultation, published, open since yesterday and for another month."""
    load_plan(text=BUNDLED_PLAN.read_text(), actor=None)
    loaded = Consultation.objects.get()
    now = timezone.now()
    loaded.opens_at, loaded.closes_at = now - timedelta(days=1), now + timedelta(days=30)
    loaded.save(update_fields=["opens_at", "closes_at"])
    without_an_act(loaded)
    return loaded


@pytest.fixture
def other(consultation: Consultation) -> Consultation:
    """A second consultation, published and open too, that asks nothing."""
    made = Consultation.objects.create(
        slug="other",
        title="Other",
        opens_at=consultation.opens_at,
        closes_at=consultation.closes_at,
        published_at=timezone.now(),
    )
    publish_edition(consultation=made, actor=None)
    return made


@pytest.fixture
def edition(consultation: Consultation) -> Edition:
    return consultation.editions.get()


@pytest.fixture
def plan(edition: Edition) -> Plan:
    return plan_of(edition)


def make_person(username: str, role: str) -> User:
    person = User(username=username, role=role, is_staff=True)
    person.set_password(f"{username} has a long password")
    person.save()
    without_an_act(person)
    return person


@pytest.fixture
def reviewer(db: None) -> User:
    return make_person("rosa", User.Role.REVIEWER)


@pytest.fixture
def analyst(db: None) -> User:
    return make_person("anil", User.Role.ANALYST)


@pytest.fixture
def editor(db: None) -> User:
    return make_person("edith", User.Role.EDITOR)


@pytest.fixture
def administrator(db: None) -> User:
    return make_person("ada", User.Role.ADMINISTRATOR)


@pytest.fixture
def decision_maker(db: None) -> User:
    return make_person("deborah", User.Role.DECISION_MAKER)


@pytest.fixture
def outsider() -> Client:
    """Someone who has not signed in."""
    return Client()


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """A client in which a member of staff has signed in."""

    def signed_in(person: User) -> Client:
        client = Client()
        client.force_login(person)
        session = client.session
        session.update(dict.fromkeys(("began_at", "seen_at"), int(time.time())))
        session.save()
        return client

    return signed_in


@pytest.fixture
def submit(edition: Edition, plan: Plan) -> Callable[..., Submitted]:
    """Send a response by the front door; whatever is not said is filled in."""

    def submit(
        answers: dict[str, object] | None = None,
        *,
        name: str = "Rita Respondent",
        email: str = "rita@example.org",
        **overrides: object,
    ) -> Submitted:
        raw = (
            answers
            if answers is not None
            else {"violence-agree": "agree", "violence-comment": "More youth workers."}
        )
        values: dict[str, object] = {
            "contact": {"name": name, "email": email, "postcode_district": "SE1"},
            "submission_key": uuid4(),
            "started_at": timezone.now() - timedelta(minutes=20),
        }
        arguments = {"edition": edition, "answers": read_answers(plan, raw)} | values | overrides
        return submit_response(submission=Submission(**arguments))

    return submit


@pytest.fixture
def send(submit: Callable[..., Submitted]) -> Callable[..., Response]:
    """The same, for tests that only want the response."""
    return lambda *arguments, **overrides: submit(*arguments, **overrides).response


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """A mail server of the test's own."""
    box = Postbox()
    yield box
    box.close()


@pytest.fixture
def mail_through(settings: Settings) -> Callable[[int], None]:
    """Let this process send its email to a port of this machine."""

    def point(port: int) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 2

    return point


@pytest.fixture(autouse=True)
def storages_of_its_own(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> None:
    """Storages of the test's own: journal and marks name no other test's people and batches."""
    own = {
        name: {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path_factory.mktemp(name), "allow_overwrite": overwrites},
        }
        for name, overwrites in {"default": False, "exports": True}.items()
    }
    settings.STORAGES = {**settings.STORAGES, **own}


@pytest.fixture
def exports(tmp_path: Path, settings: Settings) -> Path:
    """A folder of the test's own for batches."""
    folder = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path, "allow_overwrite": True},
    }
    settings.STORAGES = {**settings.STORAGES, "exports": folder}
    return tmp_path


@pytest.fixture
def files(tmp_path: Path, settings: Settings) -> Path:
    """A folder of the test's own for scans, mailboxes and the notes of erasures."""
    folder = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path / "files"},
    }
    settings.STORAGES = {**settings.STORAGES, "default": folder}
    return tmp_path / "files"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's own Chromium or Chrome, since Playwright's may not be downloaded everywhere."""
    program = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if program is None:
        pytest.fail("There is no browser for the tests: install Chromium or Google Chrome.")
    with sync_playwright() as playwright:
        # As root, as in a container, Chromium's own sandbox cannot start.
        launched = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()
