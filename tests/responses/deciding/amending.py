"""Second thoughts: what a respondent sends in the place of what they sent."""

from uuid import uuid4

from django.utils import timezone

from consult.plans.editions import plan_of
from responses.answers import read_answers
from responses.models import Contact, Response
from responses.responding.amending import amend_response
from responses.responding.submitting import Submission


def amended(earlier: Response, raw: dict[str, object]) -> Response:
    contact = Contact.objects.get(response=earlier)
    return amend_response(
        earlier=earlier,
        submission=Submission(
            edition=earlier.edition,
            submission_key=uuid4(),
            answers=read_answers(plan_of(earlier.edition), raw),
            contact={
                "name": contact.name,
                "email": contact.email,
                "postcode_district": contact.postcode_district,
            },
            started_at=timezone.now(),
        ),
    ).response
