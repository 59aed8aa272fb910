"""The forms behind signup and login, for any user model; and what any form tells the browser."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm, UsernameField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

UserModel = get_user_model()
USERNAME = UserModel.USERNAME_FIELD


PURPOSES = {"first_name": "given-name", "last_name": "family-name"}
"""Fields of Django's user model, as HTML names their purpose (WCAG 2.2, criterion 1.3.5)."""


class LoginForm(AuthenticationForm):
    """Django's form, and whether to stay logged in when the browser closes."""

    remember = forms.BooleanField(label=_("Remember me"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(UserModel._meta.get_field(USERNAME), models.EmailField):
            self.fields["username"].widget.attrs["inputmode"] = "email"


class SignupForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """The user name, whatever else the user model requires, and a password twice."""

    class Meta:
        model = UserModel
        fields = (USERNAME, *UserModel.REQUIRED_FIELDS)
        # Normalises what looks the same (Unicode NFKC). An e-mail address keeps its own field.
        field_classes = (
            {USERNAME: UsernameField}
            if type(UserModel._meta.get_field(USERNAME)) is models.CharField
            else {}
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By this name a password manager knows what the password goes with, be it an address.
        self.fields[USERNAME].widget.attrs["autocomplete"] = "username"
        tell_purposes(self)

    def clean(self) -> dict[str, Any]:
        """Refuse a name that differs from another's in nothing but case: people mix them up."""
        super().clean()
        name = self.cleaned_data.get(USERNAME)
        same = UserModel._default_manager.filter(**{f"{USERNAME}__iexact": name})
        if name and same.exists():
            self.add_error(USERNAME, self.name_is_taken())
        return self.cleaned_data

    def name_is_taken(self) -> ValidationError:
        """Return what Django says of a name that is taken."""
        error: ValidationError = self.instance.unique_error_message(UserModel, (USERNAME,))
        return error


def tell_purposes(form: forms.BaseForm) -> None:
    """Add ``autocomplete`` where a form made from a model has none."""
    for name, field in form.fields.items():
        is_address = isinstance(field, forms.EmailField)
        purpose = PURPOSES.get(name, "email" if is_address else None)
        if purpose:
            field.widget.attrs.setdefault("autocomplete", purpose)


def begin_with(form: forms.BaseForm, name: str) -> None:
    """Move ``autofocus`` to the field of that name; HTML allows it once in a page."""
    for field in form.fields.values():
        field.widget.attrs.pop("autofocus", None)
    form.fields[name].widget.attrs["autofocus"] = True


def begin_with_what_is_wrong(form: forms.BaseForm) -> None:
    """Move it to the first field that was refused, if it was a field that was."""
    wrong = next((field.name for field in form if field.errors and not field.is_hidden), None)
    if wrong is not None:
        begin_with(form, wrong)
