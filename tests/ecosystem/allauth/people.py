"""What visitors of the site do, and what they have."""

import re
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.models import User
from django.test import Client

from tests.support.accounts import COOKIE, NAME, PASSWORD

LOGIN = "/accounts/login/"
CODE = "/accounts/2fa/authenticate/"
SECRETS = {"ada": "JBSWY3DPEHPK3PXP", "eve": "KRSXG5CTMVRXEZLU"}
"""Of the apps that show the second factor; in one account it is as good as nothing in another."""


def make_member(name: str = NAME, *, has_second_factor: bool = False) -> User:
    """Return somebody who has given a verified address, and maybe a second factor."""
    user = User.objects.create_user(name, f"{name}@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if has_second_factor:
        totp.TOTP.activate(user, SECRETS[name])
        RecoveryCodes.activate(user)
    return user


def give_password(client: Client, name: str = NAME, password: str = PASSWORD, **more: Any) -> Any:
    """Send the form of the login page; return the response."""
    return client.post(LOGIN, {"login": name, "password": password, **more})


def code_of(name: str = NAME) -> str:
    """Return what the app of somebody shows now."""
    (counter,) = totp.yield_hotp_counters_from_time()
    return str(totp.format_hotp_value(totp.hotp_value(SECRETS[name], counter)))


def is_nobody(client: Client) -> bool:
    """Tell whether the site knows nobody, in whatever kind of view."""
    names = {client.get(path).content.decode() for path in ("/hello/", "/ahello/")}
    return names == {"nobody"} and COOKIE not in client.cookies


def who(client: Client) -> str:
    """Return the name that the site knows somebody by."""
    (name,) = {client.get(path).content.decode() for path in ("/hello/", "/ahello/")}
    return name


def link_in(mail: Any) -> str:
    """Return the path of the link in an e-mail."""
    found = re.search(r"https://testserver(/\S+)", mail.body)
    assert found is not None
    return found[1]
