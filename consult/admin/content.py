"""The pages on which editors correct sections, recommendations and questions."""

from typing import Any

from django.contrib import admin
from django.forms import BaseModelFormSet
from django.http import HttpRequest

from consult.admin.editing import Lines, SharedForm, WordingAdmin
from consult.admin.staff_site import signed_in, site
from consult.models import Option, Question, Recommendation, Right, Section
from consult.plans.publishing import QUESTION_FIELDS


class SectionForm(SharedForm):
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


class RecommendationForm(SharedForm):
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
    form = SharedForm
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
    form = SharedForm
    list_display = ["slug", "text", "part", "kind", "consultation"]
    list_filter = ["consultation", "kind"]
    search_fields = ["slug", "text"]
    fields = ["consultation", *QUESTION_FIELDS]
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
        formset.save(commit=False)
        for option, changed in formset.changed_objects:
            option.save(update_fields=changed)
