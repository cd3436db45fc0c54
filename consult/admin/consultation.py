"""The page on which editors correct a consultation's words, and move its window."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.http import HttpRequest

from consult.admin.editing import Lines, SharedForm, WordingAdmin
from consult.admin.staff_site import signed_in, site
from consult.clock import YEARS, closing_in_words, iso
from consult.models import Consultation
from consult.plans.outcome import say_outcome
from consult.plans.publishing import (
    ClosesInThePast,
    ClosesMuchEarlier,
    change_schedule,
    change_window,
    check_closing,
)
from consult.plans.withdrawing import withdraw_consultation


class ConsultationForm(SharedForm):
    alternative_formats = Lines()
    sources = Lines(addresses=True)
    outcome_address = forms.URLField(
        required=False,
        assume_scheme="https",
        label="Address of the outcome",
        help_text="Where everyone can read it.",
    )
    withdraw = forms.BooleanField(
        required=False,
        label="Take this consultation off the site",
        help_text="At once, for everyone. Set-up can put it back. What was received stays.",
    )

    batch_hour = forms.TypedChoiceField(
        coerce=int,
        choices=[(hour, f"{hour:02}:00") for hour in range(24)],
        label="Hour of the daily batch",
        help_text="The hour (UK time) at which everything received since goes into the next batch.",
    )

    # The closing that the page asked about: saving it again confirms it.
    asked = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        opens_at, closes_at = cleaned.get("opens_at"), cleaned.get("closes_at")
        for name, instant in (("opens_at", opens_at), ("closes_at", closes_at)):
            if instant and instant.year not in YEARS:
                self.add_error(name, f"Enter a year from {YEARS[0]} to {YEARS[-1]}.")
        if {"opens_at", "closes_at"} & self.errors.keys():
            return cleaned
        if opens_at and closes_at and opens_at >= closes_at:
            self.add_error("closes_at", "It must close after it opens.")
        elif closes_at and "closes_at" in self.changed_data:
            self._ask_about(closes_at)
        return cleaned

    def _ask_about(self, closes_at: datetime) -> None:
        """Refuse a closing that has passed, and ask once about one that is much earlier."""
        before = self.initial["closes_at"]
        sure = self.data.get("asked") == iso(closes_at)
        try:
            check_closing(closes_at=closes_at, before=before, sure=sure)
        except ClosesInThePast:
            self.add_error("closes_at", "The closing date is in the past. Enter a later one.")
        except ClosesMuchEarlier:
            self.data["asked"] = iso(closes_at)
            problem = (
                f"This is much earlier than now: it closes at {closing_in_words(before)}. People "
                "may be counting on that. Save again to close it earlier."
            )
            self.add_error("closes_at", problem)


@admin.register(Consultation, site=site)
class ConsultationAdmin(WordingAdmin):
    form = ConsultationForm
    list_display = ["title", "slug", "opens_at", "closes_at", "withdrawn_at"]
    list_select_related = False
    ordering = ["-closes_at", "slug"]
    readonly_fields = [
        "slug",
        "contact",
        "ways_to_respond",
        "references",
        "published_at",
        "withdrawn_at",
    ]
    fieldsets = [
        (None, {"fields": ["title", "slug", "summary", "owner", "statute"]}),
        (
            "Dates, in UK time",
            {
                "fields": [
                    "opens_at",
                    "closes_at",
                    "grace_minutes",
                    "batch_hour",
                    "published_at",
                    "withdrawn_at",
                    "withdraw",
                    "asked",
                ],
                "description": (
                    "It is open up to, but not at, the closing: 22 January at 00:00 is "
                    "read as 11:59pm on 21 January."
                ),
            },
        ),
        (
            "Notices",
            {
                "fields": [
                    "safety_notice",
                    "statement",
                    "recommendations_statement",
                    "equality_intro",
                ]
            },
        ),
        (
            "After closing",
            {
                "fields": ["outcome_due_on", "outcome", "outcome_address"],
                "description": "Everyone can read this on the page that receipts link to.",
            },
        ),
        ("Handed over in batches", {"fields": ["batches_include_letters"]}),
        ("Lists", {"fields": ["alternative_formats", "sources"]}),
        (
            "Changed by loading the plan file again",
            {"fields": ["contact", "ways_to_respond", "references"]},
        ),
    ]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        # Day and time share one label, which names neither to a screen reader.
        made = super().formfield_for_dbfield(db_field, request, **options)
        if made and isinstance(made.widget, AdminSplitDateTime):
            for widget, what in zip(made.widget.widgets, ("day", "time"), strict=True):
                widget.attrs["aria-label"] = f"{made.label}: {what}"
        return made

    def consultation_of(self, row: Any) -> Consultation:
        consultation: Consultation = row
        return consultation

    def save_model(self, request: HttpRequest, obj: Consultation, form: Any, change: bool) -> None:
        actor = signed_in(request)
        window = {
            name: form.cleaned_data[name]
            for name in ("opens_at", "closes_at", "grace_minutes")
            if name in form.changed_data
        }
        if window:
            change_window(consultation=obj, actor=actor, sure=True, **window)
        if "batch_hour" in form.changed_data:
            change_schedule(
                consultation=obj, batch_hour=form.cleaned_data["batch_hour"], actor=actor
            )
        after = ("outcome_due_on", "outcome", "outcome_address")
        if set(after) & set(form.changed_data):
            due_on, words, address = (form.cleaned_data[name] for name in after)
            say_outcome(
                consultation=obj,
                due_on=due_on,
                words=words or "",
                address=address or "",
                actor=actor,
            )
        if form.cleaned_data["withdraw"]:
            withdraw_consultation(consultation=obj, actor=actor)
        form.changed_data = [
            name
            for name in form.changed_data
            if name not in {*window, *after, "batch_hour", "withdraw"}
        ]
        super().save_model(request, obj, form, change)
