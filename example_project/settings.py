"""Settings of the example: what `startproject` writes, and what django-jwt-cookie adds.

What it adds stands between the two lines of `---`, and is marked "django-jwt-cookie" where it has
to stand in one of Django's lists.
"""

from pathlib import Path

import django
import environ

from example_project import environment
from example_project.env_file import ensure_env_file

PROJECT_DIR = Path(__file__).resolve().parent
BASE_DIR = PROJECT_DIR.parent

ensure_env_file(BASE_DIR / ".env.example", BASE_DIR / ".env")
environ.Env.read_env(BASE_DIR / ".env")

SECRET_KEY = environment.required("SECRET_KEY")
DEBUG = environment.flag("DEBUG", default=False)
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # django-jwt-cookie: added
    "django_jwt_cookie",
    # Static files of htmx and of Swagger UI
    "django_htmx",
    "drf_spectacular_sidecar",
    "example_project",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    # django-jwt-cookie: in place of "django.contrib.auth.middleware.AuthenticationMiddleware"
    "django_jwt_cookie.middleware.JWTCookieMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# --- django-jwt-cookie ----------------------------------------------------------------------------

# All of it is optional: without JWT_COOKIE the secret is derived from SECRET_KEY, and the lifetimes
# are these defaults.
JWT_COOKIE = {
    "SECRET": environment.required("JWT_COOKIE_SECRET"),
    "TOKEN_LIFETIME": environment.seconds("TOKEN_LIFETIME", default=600),
    "IDLE_TIMEOUT": environment.seconds("IDLE_TIMEOUT", default=1_209_600),
    "ABSOLUTE_TIMEOUT": environment.seconds("ABSOLUTE_TIMEOUT", default=2_592_000),
    "BROWSER_SESSION_TIMEOUT": environment.seconds("BROWSER_SESSION_TIMEOUT", default=43_200),
    "CLAIMS": "example_project.claims.roles",
}

# Programs can tell a CSRF token that is out of date from other refusals, on any view.
CSRF_FAILURE_VIEW = "django_jwt_cookie.views.csrf_failure"

# Logins live in the token; what is left of sessions fits into a cookie: no session table in use.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"

# --------------------------------------------------------------------------------------------------

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"

ROOT_URLCONF = "example_project.urls"
WSGI_APPLICATION = "example_project.wsgi.application"
ASGI_APPLICATION = "example_project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Named here, these come before the templates of every app, django-jwt-cookie's plain ones
        # and the admin's included.
        "DIRS": [PROJECT_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": environment.database(
        "DATABASE_URL", default="sqlite:///example.sqlite3", folder=BASE_DIR
    )
}

CACHES = {"default": environment.cache("CACHE_URL", default="locmemcache://")}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# A password reset prints its link on the terminal where the server runs.
EMAIL_BACKEND = "example_project.mail.ReadableConsoleBackend"


# --- Security -------------------------------------------------------------------------------------

# An HttpOnly cookie keeps the token from an injected script; this keeps the script from running.
# No page of the example has an inline script or style, and neither has the admin.
if django.VERSION >= (6, 0):
    MIDDLEWARE += ["django.middleware.csp.ContentSecurityPolicyMiddleware"]
    SECURE_CSP = {
        "default-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }

if not DEBUG:
    SECURE_SSL_REDIRECT = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # By default it is as the request: on http a cookie without Secure, called "jwt".
    JWT_COOKIE["COOKIE_SECURE"] = True
    # One hour: long enough to see it at work, short enough to get rid of again. Subdomains and the
    # preload list bind more than this site, so they are for its operator to decide.
    SECURE_HSTS_SECONDS = 3600
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    # Behind a proxy that ends https, tell Django how to know, once the proxy sets (or strips) it:
    # SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
