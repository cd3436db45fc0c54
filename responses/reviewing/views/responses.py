"""The reviewers' list, and one response."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from consult import clock
from consult.models import Consultation, Right, User
from consult.plans.editions import plan_of
from consult.staff.access import StaffRequest, staff_only
from consult.staff.forms.sign_in import MoveForm
from responses.models import Campaign, Code, Response, Review, SavedFilter
from responses.references import NotAReference, normalise_reference
from responses.responding.amending import versions_of
from responses.responding.flagging import FLAGS, flags_in_words
from responses.reviewing.filters import (
    CHOICES,
    Filter,
    NameMissing,
    find,
    forget_filter,
    read_filter,
    save_filter,
    where_found,
    written,
)
from responses.reviewing.reviews import (
    MOVES,
    NotAMove,
    ReasonMissing,
    ReviewMovedOn,
    add_note,
    move_review,
    neighbours,
    note_list_read,
    open_response,
    opened_lately,
    turn_page,
)
from responses.wording import WordedPart, differences, in_words

NOTE_ONLY = "note"


def _id(request: HttpRequest, name: str) -> int | None:
    value = request.GET.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else None


def pairs_of(request: HttpRequest) -> list[tuple[str, str]]:
    """The address's query, as `read_filter` takes it."""
    return [(name, str(value)) for name, values in request.GET.lists() for value in values]


# The fields of the filter that stand in sight; the others are opened where one is wanted.
IN_SIGHT = ["word", "state", "unread"]


@dataclass(frozen=True)
class Box:
    """One field of the filter as the page draws it.

    `groups` are headings with the options below them; none for a typed one.
    """

    name: str
    label: str
    value: str = ""
    type: str = "text"
    groups: tuple[tuple[str, list[tuple[str, str]]], ...] = ()
    bad: bool = False


def _labels() -> dict[str, str]:
    return {
        "consultation": _("Consultation"),
        "state": _("State"),
        "unread": _("Opened"),
        "channel": _("Channel"),
        "timing": _("In time"),
        "kind": _("Kind of respondent"),
        "answer": _("Answer"),
        "flag": _("Flag"),
        "act": _("What they did"),
        "code": _("Code"),
        "versions": _("Versions"),
        "campaign": _("Campaign"),
        "since": _("Received from"),
        "until": _("Received until"),
        "word": _("Words or a reference"),
    }


def offered(
    consultations: list[Consultation],
) -> dict[str, tuple[tuple[str, list[tuple[str, str]]], ...]]:
    """What each closed field offers: the lists of the rule, and what the consultations, codes and
    campaigns of today make of the rest.
    """
    every = {
        name: (("", [(value, _(label)) for value, label in choices]),)
        for name, choices in CHOICES.items()
    }
    every["consultation"] = (("", [(row.slug, row.title) for row in consultations]),)
    every["flag"] = (("", [(flag, str(words)) for flag, words in FLAGS.items()]),)
    every["campaign"] = (
        ("", [(str(row.pk), row.name) for row in Campaign.objects.filter(ended=False)]),
    )
    every["code"] = (
        (
            "",
            [
                (str(row.pk), f"{row.question}: {row.name}")
                for row in Code.objects.order_by("question", "group", "name")
            ],
        ),
    )
    answers = {
        question.text: [
            (f"{question.slug}={option.slug}", option.label) for option in question.options
        ]
        for row in consultations
        for edition in row.editions.all()
        for question in plan_of(edition).questions
        if question.closed
    }
    return every | {"answer": tuple(answers.items())}


def _boxes(
    wanted: Filter,
    bad: dict[str, str],
    groups: dict[str, tuple[tuple[str, list[tuple[str, str]]], ...]],
) -> list[Box]:
    types = {"since": "date", "until": "date"}
    return [
        Box(
            name=name,
            label=label,
            value="" if name == "answer" else bad.get(name) or str(getattr(wanted, name) or ""),
            type=types.get(name, "text"),
            groups=groups.get(name, ()),
            bad=name in bad,
        )
        for name, label in _labels().items()
        if name != "consultation" or len(groups[name][0][1]) > 1
    ]


def chips_of(
    wanted: Filter, groups: dict[str, tuple[tuple[str, list[tuple[str, str]]], ...]]
) -> list[dict[str, str]]:
    """Each filter in use, in words, with the query of the list without it."""
    pairs = written(wanted)
    words = {
        (name, value): label
        for name, found in groups.items()
        for _heading, options in found
        for value, label in options
    }
    headings = {
        value: heading for heading, options in groups["answer"] for value, _label in options
    }
    return [
        {
            "label": headings.get(value, _labels()[name]),
            "value": words.get((name, value), value),
            "without": urlencode([pair for pair in pairs if pair != (name, value)]),
        }
        for name, value in pairs
    ]


def _saving(request: StaffRequest, wanted: Filter) -> HttpResponse | None:
    """Keep or forget a saved filter. None where its name does not do."""
    remove = request.POST.get("remove", "")
    if remove.isascii() and remove.isdigit() and len(remove) < 18:
        forget_filter(by=request.user, number=int(remove))
        return redirect(request.get_full_path())
    try:
        save_filter(
            by=request.user, name=request.POST.get("name", ""), query=urlencode(written(wanted))
        )
    except NameMissing:
        return None
    return redirect(f"{request.path}?{urlencode(written(wanted))}")


@staff_only(Right.READ_RESPONSES)
def review_list(request: StaffRequest) -> HttpResponse:
    """Newest first, through filters that stand in the address."""
    wanted, bad = read_filter(pairs_of(request))
    unnamed = False
    if request.method == "POST":
        saved = _saving(request, wanted)
        if saved:
            return saved
        unnamed = True
    reader: User = request.user
    page = turn_page(
        find(wanted, reader=reader), before=_id(request, "before"), after=_id(request, "after")
    )
    note_list_read(reader=reader, wanted=wanted)
    passages = where_found(page.rows, wanted.word) if wanted.word else {}
    rows = [
        {
            "response": row,
            "received": clock.in_words(row.received_at),
            "kind": {"organisation": _("Organisation"), "individual": _("Individual")}.get(
                row.choices.get("capacity", ""), ""
            ),
            "passage": passages.get(row.pk),
            "words": next(iter(row.texts.values()), ""),
            "flags": flags_in_words(row.flags),
        }
        for row in page.rows
    ]
    groups = offered(list(Consultation.objects.prefetch_related("editions")))
    boxes = _boxes(wanted, bad, groups)
    context = {
        "in_sight": [box for name in IN_SIGHT for box in boxes if box.name == name],
        "boxes": (others := [box for box in boxes if box.name not in IN_SIGHT]),
        "opened": any(box.value for box in others) or bool(wanted.answer),
        "answers": wanted.answer,
        "chips": chips_of(wanted, groups),
        "page": page,
        "rows": rows,
        "filters": urlencode(written(wanted)),
        "filtered": bool(written(wanted)),
        "unnamed": unnamed,
        "saved": list(SavedFilter.objects.filter(by=reader)),
        "several": len(groups["consultation"][0][1]) > 1,
        "may_take": reader.may(Right.TAKE_BATCHES),
    }
    return render(request, "reviewing/list.html", context)


@staff_only(Right.READ_RESPONSES)
def review_one(request: StaffRequest, reference: str) -> HttpResponse:
    """Everything one response said, and what has been made of it."""
    try:
        known = normalise_reference(reference)
        response = open_response(
            reference=known, reader=request.user, version=_id(request, "version")
        )
    except (NotAReference, Response.DoesNotExist) as reason:
        raise Http404 from reason
    form = MoveForm(request.POST or None, initial={"version": response.review.version})
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            _carry_out(form, response.review, request)
        except ReviewMovedOn as moved:
            conflict = moved.last
            response.review.refresh_from_db()
            # What was typed stays in the box; sending it again is now a choice made with open eyes.
            form.data = {**form.data.dict(), "version": str(response.review.version)}  # type: ignore[attr-defined]  # a QueryDict
        except NotAMove:
            form.add_error(None, _("That is not a possible move from here."))
        except ReasonMissing:
            form.add_error("note", _("Write why."))
        else:
            return redirect(request.get_full_path())
    return render(
        request,
        "reviewing/one.html",
        _one(request, response) | {"form": form, "conflict": conflict},
    )


def _carry_out(form: MoveForm, review: Review, request: StaffRequest) -> None:
    note, to_state = form.cleaned_data["note"], form.cleaned_data["to_state"]
    if to_state == NOTE_ONLY:
        add_note(review=review, note=note, by=request.user)
    else:
        move_review(
            review=review,
            to_state=to_state,
            note=note,
            version=form.cleaned_data["version"],
            by=request.user,
        )


def _worded(response: Response) -> list[WordedPart]:
    return in_words(plan_of(response.edition), response.choices | response.texts)


def _one(request: StaffRequest, response: Response) -> dict[str, Any]:
    wanted, _bad = read_filter(pairs_of(request))
    newer, older = neighbours(find(wanted, reader=request.user), response)
    steps = [
        {"step": step, "at": clock.in_words(step.at)}
        for step in response.review.steps.select_related("by")
    ]
    ledger = [{"entry": entry, "at": clock.in_words(entry.at)} for entry in response.ledger.all()]
    every = versions_of(response)
    versions = [{"version": row, "received": clock.in_words(row.received_at)} for row in every]
    worded = _worded(response)
    before = next((row for row in every if row.version == response.version - 1), None)
    return {
        "response": response,
        "flags": flags_in_words(response.flags),
        "received": clock.in_words(response.received_at),
        "worded": [part for part in worded if part.answered],
        "before": before,
        "others": [
            {"who": entry.actor_name, "at": clock.in_words(entry.at)}
            for entry in opened_lately(reference=response.reference, reader=request.user)
        ],
        "differences": differences(_worded(before), worded)
        if before and response.act == Response.Act.AMENDED
        else [],
        "moves": [Review.State(state) for state in MOVES[Review.State(response.review.state)]],
        "steps": steps,
        "ledger": ledger,
        "versions": versions,
        "newer": newer,
        "older": older,
        "filters": urlencode(written(wanted)),
    }
