"""The newest version of each response."""

from django.db.models import QuerySet

from consult.models import Consultation
from responses.models import Response


def current_responses(consultation: Consultation) -> QuerySet[Response]:
    """Return the newest version of each response, without those withdrawn."""
    says = {Response.Act.SENT, Response.Act.AMENDED}
    return Response.objects.filter(
        consultation=consultation, review__superseded=False, act__in=says
    )
