"""What staff have typed and not sent: kept as they type, listed, and thrown away."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from consult.clock import in_words, time_in_words
from consult.staff.access import StaffRequest, staff_only
from consult.staff.drafts import (
    FIELD,
    NotOurForm,
    drafts_of,
    keep_typed,
    others_at,
    place_in,
    place_of,
    token_for,
    words_of,
)
from consult.staff.keeping_typed import typed_fields


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Save a form as it stands, for the person its token names: also when their session has ended
    meanwhile.
    """
    try:
        place = place_of(request.POST.get(FIELD, ""))
    except NotOurForm:
        return JsonResponse({}, status=403)
    draft = keep_typed(place=place, fields=typed_fields(request))
    draft.refresh_from_db(fields=["saved_at"])
    reply = {
        "at": time_in_words(draft.saved_at),
        "others": ", ".join(others_at(place)),
        "signedOut": request.user.pk != place.account,
    }
    answer = JsonResponse(reply)
    answer["Cache-Control"] = "no-store"
    return answer


@staff_only(None)
@require_safe
def typed(request: StaffRequest) -> HttpResponse:
    """Everything that someone typed and did not send, to be gone on with or thrown away."""
    rows = [
        {
            "draft": draft,
            "at": in_words(draft.saved_at),
            "words": words_of(draft),
            "token": token_for(place_in(draft)),
        }
        for draft in drafts_of(request.user)
    ]
    return render(request, "staff/typed.html", {"rows": rows})


@staff_only(None)
@require_POST
def forget(request: StaffRequest, pk: int) -> HttpResponse:
    """Throw away what was typed into one form."""
    drafts_of(request.user).filter(pk=pk).delete()
    return redirect("typed")
