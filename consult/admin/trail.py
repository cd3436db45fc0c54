"""The audit trail, to read."""

from typing import Any

from django.contrib import admin

from consult.admin.staff_site import ByRight, site
from consult.models import AuditEntry, Right


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
