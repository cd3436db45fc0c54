"""The messages of a mailbox, to be worked through."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consult.clock import in_words
from consult.models import Right
from consult.staff.access import StaffRequest, staff_only
from responses.models import Message
from responses.requests import number_in
from responses.reviewing.filters import WORD_MAX_CHARS
from responses.reviewing.message_search import find_messages
from responses.reviewing.views.entering import taking_entries


@staff_only(Right.READ_RESPONSES)
@require_safe
def message_list(request: StaffRequest, consultation: str) -> HttpResponse:
    """All messages of a consultation's mailbox, by state and words, in pages."""
    found = taking_entries(consultation)
    state = request.GET.get("state", "")
    word = request.GET.get("word", "").replace("\0", "")[:WORD_MAX_CHARS]
    page = find_messages(
        consultation=found,
        state=state,
        word=word,
        after=number_in(request.GET.get("after", "")) or 0,
        before=number_in(request.GET.get("before", "")) or 0,
    )
    context = {
        "consultation": found,
        "state": state,
        "states": Message.State.choices,
        "word": word,
        "page": page,
        "rows": [
            {"message": one, "at": in_words(one.received_at) if one.received_at else ""}
            for one in page.rows
        ],
        "filters": urlencode({"state": state, "word": word}),
    }
    return render(request, "reviewing/message_list.html", context)
