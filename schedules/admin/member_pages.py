"""Members in the console: who has which role in a workspace. Administrators see and change those of theirs."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from schedules import access, journal
from schedules.admin import cells
from schedules.admin.base import ConsoleAdmin, signature
from schedules.admin.filters import WorkspaceFilter
from schedules.admin.member_form import AddMemberForm, MemberForm
from schedules.admin.typed import ModelForm
from schedules.errors import RoleNotYours
from schedules.models import Membership


@admin.display(description="Person", ordering="user__username")
def person(membership: Membership) -> str:
    """The login's name."""
    return cells.one_line(membership.user.get_username())


@admin.display(description="Since", ordering="created_at")
def since(membership: Membership) -> str:
    """When the membership began."""
    return cells.clock(membership.created_at)


@admin.display(description="Given by")
def giver(membership: Membership) -> str:
    """How whoever made it a membership signs."""
    return cells.code(membership.created_by_id)


@admin.register(Membership)
class MembershipAdmin(ConsoleAdmin[Membership]):
    """The pages of members."""

    workspace_path = "workspace"
    list_display = (person, "workspace", "role", since, giver)
    list_filter = (WorkspaceFilter, "role")
    list_select_related = ("user", "workspace")
    search_fields = ("user__username",)

    def get_form(
        self, request: HttpRequest, obj: Membership | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Membership]]:
        """The form of this page, which gives what this person may give."""
        kwargs["form"] = MemberForm if obj else AddMemberForm
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"giver": request.user, "signature": signature(request)})

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        """What a new member needs; what a member is."""
        return AddMemberForm.Meta.fields if obj is None else (person, "workspace", "role", since, giver)

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        """Of a member all but the role."""
        return () if obj is None else (person, "workspace", since, giver)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Membership:
        """The verb writes; what it returns is the saved membership."""
        try:
            saved: Membership = form.apply()
        except RoleNotYours as refusal:  # the person's own role was taken away meanwhile
            raise PermissionDenied from refusal
        return saved

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """Nothing: `save_form` did it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: a membership has no parts."""

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """Through the verb."""
        try:
            access.take_away(obj.user_id, obj.workspace, giver=request.user)
        except RoleNotYours as refusal:
            raise PermissionDenied from refusal

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        """Each through the verb."""
        with journal.batch():
            for membership in queryset:
                self.delete_model(request, membership)
