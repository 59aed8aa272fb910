"""Two tenants, with somebody as user 1 at each; `test_tenants.py` runs this under its settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.test.utils import setup_databases, teardown_databases

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import PASSWORD, log_in

IS_SITE = settings.SETTINGS_MODULE == "tests.tenants.settings"
IS_BY_HOST = IS_SITE and settings.TENANTS_BY == "host"  # type: ignore[misc]
collect_ignore_glob = [
    *(["test_tenants.py"] if IS_SITE else ["test_site.py"]),
    *([] if IS_BY_HOST else ["test_named_databases.py"]),
]

TENANTS = ("a", "b")
NAMES = {"a": "mallory", "b": "boss"}
"""User 1 of each: of one an ordinary member, of the other the administrator."""


@contextmanager
def at(tenant: str) -> Iterator[None]:
    """Have what is asked of the database asked of this tenant's."""
    if settings.TENANTS_BY == "host":  # type: ignore[misc]
        from .by_host import HOSTS, chosen  # noqa: PLC0415

        token = chosen.set(HOSTS[f"{tenant}.example.com"])
        try:
            yield
        finally:
            chosen.reset(token)
    else:  # pragma: no cover - with django-tenants alone
        from django_tenants.utils import schema_context  # noqa: PLC0415

        with schema_context(tenant):
            yield


@pytest.fixture(scope="session")
def databases(django_db_blocker: Any) -> Iterator[None]:
    """Make all databases: pytest-django makes those that a test's marker names."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session")
def schemas(databases: None, django_db_blocker: Any) -> None:
    """Make the schemas, where tenants have schemas."""
    if settings.TENANTS_BY == "schema":  # type: ignore[misc] # pragma: no cover - as above
        from .customers.models import Customer, Domain  # noqa: PLC0415

        with django_db_blocker.unblock():
            for tenant in TENANTS:
                customer = Customer.objects.create(schema_name=tenant, name=tenant)
                Domain.objects.create(
                    domain=f"{tenant}.example.com", tenant=customer, is_primary=True
                )


@pytest.fixture
def people(schemas: None, django_db_blocker: Any) -> Iterator[dict[str, User]]:
    """Return user 1 of each tenant, in databases that threads see."""
    cache.clear()
    with django_db_blocker.unblock():
        made = {}
        for tenant, name in NAMES.items():
            with at(tenant):
                for model in (LoginSession, Session, User):
                    model.objects.all().delete()
                made[tenant] = User.objects.create_user(
                    name, password=PASSWORD, id=1, last_name=f"of {tenant}"
                )
        with at("b"):
            made["b"].is_staff = made["b"].is_superuser = True
            made["b"].save(update_fields=["is_staff", "is_superuser"])
        with at("a"):
            made["a"].user_permissions.add(Permission.objects.get(codename="view_group"))
        yield made


@pytest.fixture
def visitor(new_client: type[Client]) -> Any:
    """Return what makes a browser at the host of a tenant; with a name, somebody logged in."""

    def make(tenant: str, name: str | None = None, *, cookies: Any = None) -> Client:
        client = new_client(headers={"host": f"{tenant}.example.com"})
        if cookies is not None:
            client.cookies = cookies
        if name is not None:
            assert log_in(client, name).status_code == 200
        return client

    return make
