"""What respondents say now."""

from django.db.models import QuerySet

from consult.models import Consultation
from responses.models import Response


def current_responses(consultation: Consultation) -> QuerySet[Response]:
    """What respondents say now: the newest version of each response, but for those taken back."""
    says = {Response.Act.SENT, Response.Act.AMENDED}
    return Response.objects.filter(
        consultation=consultation, review__superseded=False, act__in=says
    )
