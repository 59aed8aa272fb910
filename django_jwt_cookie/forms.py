"""The forms behind signup and login, for any user model."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm, UsernameField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from .fields import tell_purposes

UserModel = get_user_model()
USERNAME = UserModel.USERNAME_FIELD


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
