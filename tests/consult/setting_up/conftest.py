"""An officer at the set-up pages, and plan files to work on."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import PlanFile, User
from consult.setting_up.files import begin_file
from tests.conftest import PARKS_PLAN
from tests.support.pressing import fields_of, forms_of


@pytest.fixture
def officer(editor: User, sign_in: Callable[[User], Client]) -> Client:
    return sign_in(editor)


@pytest.fixture
def parks(editor: User) -> PlanFile:
    """The short example, which has every kind of question, to work on."""
    return begin_file(text=PARKS_PLAN.read_text(), actor=editor)


def send(officer: Client, address: str, typed: dict[str, str], *, form: int = 0) -> str:
    """Fill in a form of a page over what it shows, press its button, and return where it leads."""
    shown = fields_of(forms_of(officer.get(address))[form])
    page = officer.post(address, shown | typed)
    assert page.status_code == 302, page.content.decode()
    return str(page["Location"])


def page_of(file: PlanFile, name: str) -> str:
    return reverse("plan-file-page", args=[file.pk, name])


def entry_of(file: PlanFile, group: str, number: str | int = "new") -> str:
    return reverse("plan-file-entry", args=[file.pk, group, number])
