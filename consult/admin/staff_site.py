"""Django's admin behind our own sign-in."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from consult.models import Right, User
from consult.staff.signing_in import due_first

RIGHTS_HERE = [Right.EDIT_PLAN, Right.READ_TRAIL]


def signed_in(request: HttpRequest) -> User:
    """Return the member of staff behind a request that the site below has let in."""
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
        """Send people without permission to sign in, or to choose a password."""
        if not isinstance(request.user, User):
            wanted = request.GET.get("next", reverse("admin:index"))
            return redirect(f"{reverse('sign-in')}?{urlencode({'next': wanted})}")
        if first := due_first(request.user):
            return redirect(first)
        if self.has_permission(request):
            return redirect("admin:index")
        raise PermissionDenied

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
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
