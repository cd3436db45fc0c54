"""Django's admin: wording and dates for editors, the audit trail for administrators.

Nothing is created or deleted here: a consultation comes from a plan file, `load_plan` and these
pages correct it, and each change that is saved becomes a new edition.
"""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied
from django.core.validators import URLValidator
from django.db import models
from django.forms import BaseModelFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from consult.models import (
    AuditEntry,
    Consultation,
    Option,
    Question,
    Recommendation,
    Right,
    Section,
    User,
)
from consult.plans.publishing import (
    change_schedule,
    change_window,
    publish_edition,
    withdraw_consultation,
)
from consult.staff.signing_in import due_first

RIGHTS_HERE = [Right.EDIT_PLAN, Right.READ_TRAIL]


def signed_in(request: HttpRequest) -> User:
    """The member of staff behind a request that the site below has let in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class StaffSite(admin.AdminSite):
    """Django's admin behind our own sign-in, for staff whose rights need it."""

    site_header = "Administration"
    site_title = "Administration"
    index_title = "What would you like to change?"
    empty_value_display = "none"

    def has_permission(self, request: Any) -> bool:
        user = request.user
        return (
            isinstance(user, User)
            and not due_first(user)
            and any(user.may(right) for right in RIGHTS_HERE)
        )

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Where Django sends people without permission: to sign in, or to choose a password."""
        if not isinstance(request.user, User):
            wanted = request.GET.get("next", reverse("admin:index"))
            return redirect(f"{reverse('sign-in')}?{urlencode({'next': wanted})}")
        if first := due_first(request.user):
            return redirect(first)
        if self.has_permission(request):
            return redirect("admin:index")
        raise PermissionDenied

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        # Django's own page would record nothing on the audit trail.
        return redirect("new-password")


site = StaffSite()


class ByRight(admin.ModelAdmin):
    """Pages for staff with `right`. Nothing can be added or deleted unless a page says so."""

    right: ClassVar[Right]

    def has_module_permission(self, request: Any) -> bool:
        return signed_in(request).may(self.right)

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return signed_in(request).may(self.right)

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return signed_in(request).may(self.right)

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


class Words(forms.CharField):
    """Long text. Browsers send a line break as two characters, which must not count as a change."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n").replace("\r", "\n")


class Lines(forms.CharField):
    """A list of texts, one on each line."""

    widget = forms.Textarea

    def __init__(self, *, addresses: bool = False, **options: Any) -> None:
        super().__init__(required=False, help_text="One on each line.", **options)
        self.addresses = addresses

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def validate(self, value: Any) -> None:
        if self.addresses:
            for line in value:
                URLValidator(["http", "https"], message=f"“{line}” is not a web address.")(line)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != (initial or []))


class WordingAdmin(ByRight):
    """Correcting what a consultation says.

    Saving makes a new edition; those who answered before keep theirs.
    """

    right = Right.EDIT_PLAN
    formfield_overrides = {models.TextField: {"form_class": Words}}
    list_select_related = True
    ordering = ["consultation", "order"]

    def consultation_of(self, row: Any) -> Consultation:
        consultation: Consultation = row.consultation
        return consultation

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # Only the fields this editor changed: someone else may be editing the others.
        columns = {field.name for field in self.opts.concrete_fields}
        obj.save(update_fields=[name for name in form.changed_data if name in columns])

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        publish_edition(consultation=self.consultation_of(form.instance), actor=signed_in(request))


class ConsultationForm(forms.ModelForm):
    alternative_formats = Lines()
    sources = Lines(addresses=True)
    withdraw = forms.BooleanField(
        required=False,
        label="Take this consultation off the site",
        help_text="At once, for everyone. You cannot undo this here. What was received stays.",
    )

    batch_hour = forms.TypedChoiceField(
        coerce=int,
        choices=[(hour, f"{hour:02}:00") for hour in range(24)],
        label="Hour of the daily batch",
        help_text="The hour (UK time) at which everything received since goes into the next batch.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (
            cleaned.get("opens_at")
            and cleaned.get("closes_at")
            and cleaned["opens_at"] >= cleaned["closes_at"]
        ):
            self.add_error("closes_at", "It must close after it opens.")
        return cleaned


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
            change_window(consultation=obj, actor=actor, **window)
        if "batch_hour" in form.changed_data:
            change_schedule(
                consultation=obj, batch_hour=form.cleaned_data["batch_hour"], actor=actor
            )
        if form.cleaned_data["withdraw"]:
            withdraw_consultation(consultation=obj, actor=actor)
        form.changed_data = [
            name for name in form.changed_data if name not in {*window, "batch_hour", "withdraw"}
        ]
        super().save_model(request, obj, form, change)


class SectionForm(forms.ModelForm):
    commitments = Lines()
    sources = Lines(addresses=True)


@admin.register(Section, site=site)
class SectionAdmin(WordingAdmin):
    form = SectionForm
    list_display = ["title", "slug", "consultation"]
    list_filter = ["consultation"]
    fields = [
        "consultation",
        "slug",
        "title",
        "summary",
        "commitments",
        "grouping_note",
        "sources",
        "official_theme",
    ]
    readonly_fields = ["consultation", "slug", "official_theme"]


class RecommendationForm(forms.ModelForm):
    sources = Lines(addresses=True)


@admin.register(Recommendation, site=site)
class RecommendationAdmin(WordingAdmin):
    form = RecommendationForm
    list_display = ["headline", "slug", "consultation"]
    list_filter = ["consultation"]
    fields = [
        *[
            "consultation",
            "slug",
            "headline",
            "attribution",
            "context",
            "draft_plan_coverage",
            "sources",
        ],
        *["figures", "related_sections"],
    ]
    readonly_fields = ["consultation", "slug", "figures", "related_sections"]


class OptionInline(admin.TabularInline):
    model = Option
    fields = ["slug", "label", "group", "value", "write_in", "exclusive"]
    readonly_fields = ["slug", "value", "write_in", "exclusive"]
    ordering = ["order"]
    extra = 0

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        # To a screen reader, column headings are not labels.
        made = super().formfield_for_dbfield(db_field, request, **options)
        if made:
            made.widget.attrs["aria-label"] = made.label
        return made

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return signed_in(request).may(Right.EDIT_PLAN)

    has_change_permission = has_view_permission

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    has_delete_permission = has_add_permission


@admin.register(Question, site=site)
class QuestionAdmin(WordingAdmin):
    list_display = ["slug", "text", "part", "kind", "consultation"]
    list_filter = ["consultation", "kind"]
    search_fields = ["slug", "text"]
    fields = [
        "consultation",
        "slug",
        "part",
        "kind",
        "text",
        "help",
        "scale",
        "max_choices",
        "max_chars",
        "show_if",
        "details",
    ]
    readonly_fields = [
        "consultation",
        "slug",
        "part",
        "kind",
        "scale",
        "max_choices",
        "max_chars",
        "show_if",
        "details",
    ]
    inlines = [OptionInline]

    def save_formset(
        self, request: HttpRequest, form: Any, formset: BaseModelFormSet, change: bool
    ) -> None:
        for option in formset.save(commit=False):
            option.save(update_fields=["label", "group"])


@admin.register(AuditEntry, site=site)
class TrailAdmin(ByRight):
    right = Right.READ_TRAIL
    list_display = ["at", "actor_name", "action", "subject", "details"]
    list_filter = ["action"]
    search_fields = ["actor_name", "subject"]
    ordering = ["-id"]
    list_per_page = 50
    # Counting the whole trail for each page of it would cost more than the page.
    show_full_result_count = False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False
