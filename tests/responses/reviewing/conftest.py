"""What reviewers work with."""

import pytest

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
