"""Two tenants with a database or a schema each: TENANTS_BY says ``host`` or ``schema``."""

from pathlib import Path

from tests import settings as common
from tests.settings import *  # noqa: F403

TENANTS_BY = env.str("TENANTS_BY")  # noqa: F405
FOLDER = Path(env.str("TENANTS_FOLDER"))  # noqa: F405

ALLOWED_HOSTS = [".example.com"]
ROOT_URLCONF = "tests.tenants.urls"
AUDIENCE = f"tests.tenants.by_{TENANTS_BY}.audience"
JWT_COOKIE = {"AUDIENCE": AUDIENCE}


def sqlite(name):
    """Return a database in a file, which threads share."""
    file = str(FOLDER / f"{name}.sqlite3")
    options = {
        "timeout": 60,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL",
    }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "OPTIONS": options,
        "TEST": {"NAME": file},
    }


if TENANTS_BY == "host":
    MIDDLEWARE = ["tests.tenants.by_host.choose_database", *common.MIDDLEWARE]
    DATABASES = {"default": sqlite("a"), "b": sqlite("b")}
    DATABASE_ROUTERS = ["tests.tenants.by_host.Router"]
else:  # pragma: no cover - with django-tenants alone
    SHARED_APPS = ["django_tenants", "tests.tenants.customers"]
    TENANT_APPS = common.INSTALLED_APPS
    INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
    MIDDLEWARE = ["django_tenants.middleware.main.TenantMainMiddleware", *common.MIDDLEWARE]
    database = common.DATABASES["default"]
    changes = {
        "ENGINE": "django_tenants.postgresql_backend",
        "TEST": {"NAME": f"test_{database['NAME']}_tenants"},
    }
    DATABASES = {"default": database | changes}
    DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
    TENANT_MODEL, TENANT_DOMAIN_MODEL = "customers.Customer", "customers.Domain"
