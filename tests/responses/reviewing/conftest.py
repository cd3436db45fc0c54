"""What reviewers work with."""

from collections.abc import Callable

import pytest
from django.test import Client

from consult.models import Consultation, User
from responses.models import Code
from responses.reviewing.codebooks import make_code


@pytest.fixture
def code(consultation: Consultation, reviewer: User) -> Code:
    """A code of the question that asks what is missing."""
    return make_code(
        consultation=consultation,
        question="missing",
        name="Clubs",
        group="",
        definition="",
        by=reviewer,
    )


@pytest.fixture
def make(consultation: Consultation, reviewer: User) -> Callable[..., Code]:
    """Puts a code of this name in the codebook of a question."""
    return lambda name, question="missing": make_code(
        consultation=consultation,
        question=question,
        name=name,
        group="",
        definition="",
        by=reviewer,
    )


@pytest.fixture
def rosa(reviewer: User, sign_in: Callable[[User], Client]) -> Client:
    return sign_in(reviewer)
