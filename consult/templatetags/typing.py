"""What every form that staff type into carries: whose words it holds, and what was typed before."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.template.context import RequestContext

from consult.clock import in_words, time_in_words
from consult.models import User
from consult.staff.drafts import (
    FIELD,
    Place,
    another_beside,
    drafts_at,
    place_in,
    read_token,
    token_for,
    words_of,
)

register = template.Library()


@register.inclusion_tag("staff/_typed.html", takes_context=True)
def keeps_what_is_typed(
    context: RequestContext, form: str, action: str = "", page: str = ""
) -> dict[str, Any]:
    """Stands within a form. `action` is where the form is sent and `page` where it is found again,
    if that is not the address of the page that shows it.

    Offers what the same person typed there before, and says who else is at it. All forms of a page
    together cost one query.
    """
    request = context["request"]
    if not isinstance(request.user, User):
        return {}
    address = request.get_full_path()
    here = Place(request.user.pk, page or address, form, action or address)
    if not hasattr(request, "typed_here"):
        request.typed_here = list(drafts_at(here.page))
    there = [one for one in request.typed_here if one.form.partition("~")[0] == form]
    mine = [one for one in there if one.account_id == here.account and one.typed]
    others = {one.account.username: one for one in there if one.account_id != here.account}
    return {
        "token": _sent_with(request, here) or token_for(another_beside(here, mine)),
        # A page that shows a form again has its words in the fields.
        "mine": [
            {
                "words": words_of(one),
                "fields": one.fields,
                "at": in_words(one.saved_at),
                "id": f"typed-{one.pk}",
                "token": token_for(place_in(one)),
            }
            for one in mine
            if request.method == "GET"
        ],
        "others": [
            {"who": who, "at": time_in_words(one.saved_at)}
            for who, one in others.items()
            if one.recent
        ],
    }


def _sent_with(request: HttpRequest, here: Place) -> str:
    """The token that a form was sent with, if this is the form."""
    token = request.POST.get(FIELD, "")
    sent = read_token(token)
    same = sent and (sent.account, sent.page, sent.name) == (here.account, here.page, here.form)
    return token if same else ""
