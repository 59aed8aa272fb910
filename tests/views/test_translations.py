"""The catalogues are complete, say what Django says, and each visitor gets their own language."""

import re
from gettext import c2py
from io import BytesIO
from pathlib import Path

import django
import pytest
from babel.messages.mofile import read_mo
from django.contrib.auth.models import User
from django.utils import translation

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.responses import HTTPS_DETAIL, REASONS
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in, sign_up, start_session
from tools.messages import PACKAGE, as_mo, as_po, catalogues, messages, untranslated, updated

CATALOGUES = {path.parts[-3]: path for path in catalogues()}

EXPIRED = {
    "ar": "انتهت صلاحية جلسة دخولك.",
    "de": "Ihre Anmeldung ist abgelaufen.",
    "es": "Su sesión ha caducado.",
    "fr": "Votre connexion a expiré.",
    "it": "Il tuo accesso è scaduto.",
    "ja": "ログインの有効期限が切れました。",
    "pt-br": "Sua sessão expirou.",
    "zh-hans": "你的登录已过期。",
}
"""The languages, as browsers call them, with what they make of "Your login has expired."."""

RIGHT_TO_LEFT = {"ar"}


# --- Catalogues


def test_there_is_a_catalogue_for_each_language():
    """Those that the document lists."""
    assert {translation.to_locale(language) for language in EXPIRED} == CATALOGUES.keys()


@pytest.mark.parametrize("locale", CATALOGUES)
def test_a_catalogue_is_up_to_date(locale):
    """Nothing is missing, unsure or left over: `make messages` would change nothing."""
    catalogue = updated(CATALOGUES[locale])
    assert as_po(catalogue) == CATALOGUES[locale].read_bytes()
    assert [message.id for message in untranslated(catalogue)] == []


@pytest.mark.parametrize("locale", CATALOGUES)
def test_a_translation_can_be_filled_in(locale):
    """It has the placeholders of the message, and as many forms as its language."""
    errors = [(message.id, errors) for message, errors in updated(CATALOGUES[locale]).check()]
    assert errors == []


@pytest.mark.parametrize("locale", CATALOGUES)
def test_what_django_reads_is_what_was_translated(locale):
    """The compiled file comes from the source beside it."""
    path = CATALOGUES[locale]
    assert as_mo(updated(path)) == path.with_suffix(".mo").read_bytes()


@pytest.mark.parametrize("locale", CATALOGUES)
def test_a_word_that_django_has_too_is_django_s(locale):
    """Ours would stand in the admin as well, if we come before it in ``INSTALLED_APPS``."""
    pattern = f"**/locale/{locale}/LC_MESSAGES/django.mo"
    paths = Path(django.__file__).parent.glob(pattern)
    theirs = [read_mo(BytesIO(path.read_bytes())) for path in paths]
    for message in list(updated(CATALOGUES[locale]))[1:]:
        found = [each.get(message.id) for each in theirs]
        said = [forms(each) for each in found if each and each.string]
        assert not said or forms(message) in said


@pytest.mark.parametrize("locale", CATALOGUES)
def test_numbers_are_told_apart_as_django_does(locale):
    """By the rule in the catalogue's header; up to a thousand: some have a form of millions."""
    django_s = Path(django.__file__).parent / "conf/locale" / locale / "LC_MESSAGES/django.mo"
    ours = c2py(updated(CATALOGUES[locale]).plural_expr)
    theirs = c2py(read_mo(BytesIO(django_s.read_bytes())).plural_expr)
    pairs = {(ours(number), theirs(number)) for number in range(1000)}
    # Forms in the same order, though Django's numbers have a gap where its form of millions is.
    in_order = [sorted(set(column)) for column in zip(*pairs, strict=True)]
    assert sorted(pairs) == [*zip(*in_order, strict=True)]


def forms(message):
    """Return what is said of one thing and of many; Django's versions differ in between."""
    return {message.string[0], message.string[-1]} if message.pluralizable else message.string


def test_every_text_of_a_template_is_marked():
    """What is left without tags and marks is nothing but space."""
    marked = r"{% blocktranslate.*?{% endblocktranslate %}|{%.*?%}|{{.*?}}|<[^>]*>|://"
    for path in PACKAGE.rglob("templates/**/*.html"):
        assert re.sub(marked, "", path.read_text(encoding="utf-8"), flags=re.DOTALL).strip() == ""


def test_every_name_of_the_model_is_marked():
    """Fields, reasons, and the model itself; in Japanese no word but "ID" stays as it is."""
    with translation.override("ja"):
        names = [str(field.verbose_name) for field in LoginSession._meta.concrete_fields]
        names += [str(reason.label) for reason in LoginSession.EndReason]
        names += [
            str(LoginSession._meta.verbose_name),
            str(LoginSession._meta.app_config.verbose_name),
        ]
    assert [name for name in names if name.isascii()] == ["ID"]


def test_every_reason_is_marked():
    """And every sentence of it is among the messages."""
    said = set(messages())
    assert [reason for reason in REASONS.values() if str(reason) not in said] == []


# --- Visitors


@pytest.fixture(autouse=True)
def language_of_the_visitor(settings):
    """The browser says which language its owner reads."""
    place = settings.MIDDLEWARE.index("django.middleware.common.CommonMiddleware")
    settings.MIDDLEWARE = [*settings.MIDDLEWARE]
    settings.MIDDLEWARE.insert(place, "django.middleware.locale.LocaleMiddleware")


def text_of(response):
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.mark.django_db
@pytest.mark.parametrize("language", EXPIRED)
def test_a_page_is_in_the_language_of_the_visitor(client, language):
    """Heading, reason and direction; the page and the response say which language it is."""
    response = client.get(
        "/accounts/login/?reason=token_expired", headers={"accept-language": language}
    )
    assert response.headers["Content-Language"] == language
    assert "Accept-Language" in response.headers["Vary"]
    page = text_of(response)
    direction = ' dir="rtl"' if language in RIGHT_TO_LEFT else ""
    assert f'<html lang="{language}"{direction}>' in page
    assert EXPIRED[language] in page
    with translation.override(language):
        assert f"<h1>{translation.gettext('Log in')}</h1>" in page
    assert not re.search("Log in|Sign up|Remember me|Forgotten", page)


@pytest.mark.django_db
@pytest.mark.parametrize("language", EXPIRED)
def test_a_program_is_told_in_the_language_of_its_user(client, language):
    """The sentence; the code stays as it is."""
    client.cookies[COOKIE] = "garbage"
    response = client.get("/accounts/me/", headers=JSON | {"accept-language": language})
    assert response.headers["Content-Language"] == language
    assert response.json()["code"] == "token_invalid"
    with translation.override(language):
        assert response.json()["detail"] == str(REASONS["token_invalid"])
    assert response.json()["detail"] != str(REASONS["token_invalid"])


@pytest.mark.django_db
@pytest.mark.parametrize("language", EXPIRED)
def test_why_nobody_can_log_in_is_said_in_the_language_of_the_visitor(client, settings, language):
    """On a page that came over plain http, where the cookie needs https."""
    settings.JWT_COOKIE = {"COOKIE_SECURE": True}
    headers = {"accept-language": language}
    page = text_of(client.get("/accounts/login/", headers=headers, secure=False))
    with translation.override(language):
        assert f'<p role="alert">{HTTPS_DETAIL}</p>' in page
    assert str(HTTPS_DETAIL) not in page


@pytest.mark.django_db
@pytest.mark.parametrize("language", EXPIRED)
def test_the_e_mail_is_in_the_language_of_who_asks_for_it(client, settings, mailoutbox, language):
    """The package's, where the admin's is not."""
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "django.contrib.admin"
    ]
    settings.ROOT_URLCONF = "tests.pages.urls"
    User.objects.create_user(NAME, "ada@example.com", PASSWORD)
    headers = {"accept-language": language}
    client.post("/accounts/password_reset/", {"email": "ada@example.com"}, headers=headers)
    (mail,) = mailoutbox
    assert "https://testserver/accounts/reset/" in mail.body
    with translation.override(language):
        assert translation.gettext("Choose one here:") in mail.body
    assert not re.search("Somebody|Choose|Your|If it", mail.body)


@pytest.mark.django_db
@pytest.mark.parametrize("language", EXPIRED)
def test_the_admin_is_in_the_language_of_the_staff(client, language):
    """The app, the columns, the filter, the action and what it says afterwards."""
    ada = User.objects.create_superuser(NAME, password=PASSWORD)
    log_in(client)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    others = [start_session(ada), start_session(ada)]
    path = "/admin/django_jwt_cookie/loginsession/"
    page = text_of(client.get(path))
    form = {"action": "revoke", "_selected_action": [str(other.pk) for other in others]}
    page += text_of(client.post(path, form, follow=True))
    words = ["Logins", "login sessions", "last seen", "state", "Alive", "End selected logins"]
    ended = "%(count)d login was ended.", "%(count)d logins were ended."
    with translation.override(language):
        translated = [translation.gettext(word) for word in words]
        translated.append(translation.ngettext(*ended, 2) % {"count": 2})
    assert [word for word in translated if word.lower() not in page.lower()] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "one", "three"),
    [
        ("ar", "تم إنهاء جلسة دخول أخرى واحدة.", "تم إنهاء 3 جلسات دخول أخرى."),
        ("de", "1 andere Anmeldung wurde beendet.", "3 andere Anmeldungen wurden beendet."),
        ("ja", "他の 1 件のログインを終了しました。", "他の 3 件のログインを終了しました。"),
    ],
)
def test_numbers_have_the_forms_of_the_language(client, language, one, three):
    """As many as it has: six, two, one."""
    sign_up(client)
    user = User.objects.get()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    for count, expected in ((1, one), (3, three)):
        for _ in range(count):
            start_session(user)
        assert expected in text_of(client.post("/accounts/sessions/others/", follow=True))
