"""Django's and Unfold's classes with models in brackets: for the type checker, ignored at run time."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.contrib.auth.admin import UserAdmin
    from django.core.paginator import Paginator
    from django.forms import BaseInlineFormSet, ModelChoiceField, ModelForm
else:
    import django.contrib.auth.admin
    import django.core.paginator
    import django.forms
    import unfold.admin

    def _bracketed(base: type) -> type:
        return type(base)(
            base.__name__,
            (base,),
            {"__class_getitem__": classmethod(lambda cls, _: cls), "__module__": __name__},
        )

    ModelAdmin = _bracketed(unfold.admin.ModelAdmin)
    TabularInline = _bracketed(unfold.admin.TabularInline)
    UserAdmin = _bracketed(django.contrib.auth.admin.UserAdmin)
    Paginator = _bracketed(django.core.paginator.Paginator)
    BaseInlineFormSet = _bracketed(django.forms.BaseInlineFormSet)
    ModelChoiceField = _bracketed(django.forms.ModelChoiceField)
    ModelForm = _bracketed(django.forms.ModelForm)

__all__ = [
    "BaseInlineFormSet",
    "ModelAdmin",
    "ModelChoiceField",
    "ModelForm",
    "Paginator",
    "TabularInline",
    "UserAdmin",
]
