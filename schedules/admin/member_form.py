"""The forms of a member: a person by name, who is created when there is nobody of it, and one role.

Names are typed, not chosen: whoever administers one workspace is shown nobody of another.
"""

from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from schedules import access
from schedules.admin.typed import ModelForm
from schedules.errors import RoleNotYours
from schedules.models import Membership, Role, Workspace

NOBODY = "There is nobody of this name: give a first password, and the person is created"
SOMEBODY = "There is a person of this name already, whose password is their own: leave this empty"
MEMBER = "This person is a member already: change the role on their page"


class MemberForm(ModelForm[Membership]):
    """What adding and changing have in common. `giver` (a user) and `signature` are set by the page."""

    giver: Any = None
    signature = ""

    class Meta:
        model = Membership
        fields: tuple[str, ...] = ("role",)

    def workspace(self) -> Workspace | None:
        """Where the role is given."""
        return cast("Workspace | None", self.cleaned_data.get("workspace")) or self.instance.workspace

    def clean(self) -> dict[str, Any]:
        """A role that the giver may give."""
        if not self.errors:
            workspace = self.workspace()
            if workspace and not access.may_give(self.giver, workspace, Role(self.cleaned_data["role"])):
                self.add_error("role", str(RoleNotYours()))
        return self.cleaned_data

    def apply(self) -> Membership:
        """Give the role, through the verb; RoleNotYours."""
        return self._give(self.instance.user)

    def _give(self, user: User) -> Membership:
        workspace, role = cast("Workspace", self.workspace()), Role(self.cleaned_data["role"])
        return access.give(user, workspace, role, giver=self.giver, signature=self.signature)

    def _post_clean(self) -> None:
        """The instance stays as it is stored: the verb writes, this form never does."""


class AddMemberForm(MemberForm):
    """A new member."""

    username = forms.CharField(max_length=150, label="Person", widget=UnfoldAdminTextInputWidget)
    password = forms.CharField(
        required=False,
        max_length=1000,
        strip=False,
        label="First password",
        help_text="Only for a person who is new to the console",
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )

    class Meta(MemberForm.Meta):
        fields = ("workspace", "username", "role", "password")

    def workspace(self) -> Workspace | None:
        """The one that was chosen."""
        return self.cleaned_data.get("workspace")

    def clean_username(self) -> str:
        """As Django stores it."""
        return str(User.normalize_username(self.cleaned_data["username"]))

    def clean(self) -> dict[str, Any]:
        """Somebody who is no member yet, or a new person with a good password."""
        cleaned = super().clean()
        if not self.errors:
            person = self._person()
            if person is None:
                self._check_new()
            elif cleaned["password"]:
                self.add_error("password", SOMEBODY)
            elif Membership.objects.filter(user=person, workspace=cleaned["workspace"]).exists():
                self.add_error("username", MEMBER)
        return cleaned

    @transaction.atomic
    def apply(self) -> Membership:
        """Give the role, to a person who is created if there is none of this name."""
        name, password = self.cleaned_data["username"], self.cleaned_data["password"]
        return self._give(self._person() or User.objects.create_user(name, password=password))

    def _person(self) -> User | None:
        return User.objects.filter(username=self.cleaned_data["username"]).first()

    def _check_new(self) -> None:
        new = User(username=self.cleaned_data["username"])
        try:
            new.clean_fields(exclude=["password"])
        except ValidationError as wrong:
            self.add_error("username", wrong.messages)
        password = self.cleaned_data["password"]
        try:
            validate_password(password, new) if password else self.add_error("password", NOBODY)
        except ValidationError as weak:
            self.add_error("password", weak)
