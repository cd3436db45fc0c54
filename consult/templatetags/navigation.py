"""The navigation of the staff pages."""

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise

from consult.models import User
from consult.staff.navigation import Link, links_for

register = template.Library()


@register.simple_tag
def staff_links(request: HttpRequest) -> dict[Promise | str, list[Link]]:
    """Return the links of the person who is signed in, by job; none if nobody is."""
    user = request.user
    return links_for(user, path=request.path) if isinstance(user, User) else {}


@register.simple_tag
def second_person_is_on() -> bool:
    return settings.SECOND_PERSON
