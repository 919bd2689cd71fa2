"""What a person says about a pause."""

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from schedules.models import NOTE_LENGTH

NOTE = forms.CharField(
    required=False,
    max_length=NOTE_LENGTH,
    help_text="Why, for whoever looks at it",
    widget=UnfoldAdminTextInputWidget,
)


class PauseForm(forms.Form):
    """A note and an end, both optional."""

    note = NOTE
    until = forms.DateTimeField(
        required=False,
        label="Until (UTC)",
        help_text="When it ends by itself; empty: when somebody ends it",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
    )
