"""The OpenAPI document: it has every address, and the answers are what it says."""

import json
import re
from datetime import timedelta

import pytest
from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpResponse
from django.test.utils import override_script_prefix
from django.urls import include, path
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from jsonschema import Draft202012Validator

from django_jwt_cookie import openapi, well_known
from django_jwt_cookie.decorators import recent_login_required
from django_jwt_cookie.forms import SignupForm
from django_jwt_cookie.openapi import schemas
from django_jwt_cookie.openapi.document import csrf_header, security_schemes
from django_jwt_cookie.openapi.operations import REFUSALS
from django_jwt_cookie.urls import urlpatterns as pages
from django_jwt_cookie.views import LoginSessionsRevokeOthersView
from django_jwt_cookie.views.mixins import find_wrong_types
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in
from tests.support.documents import ROOT, blocks
from tests.support.key_samples import pem, public_pem
from tests.support.openapi_contract import check, promise, validator
from tools.openapi import TARGET, render

pytestmark = pytest.mark.django_db
JSON_BODY = "application/json"
PUBLIC = {"KEYS": [public_pem("EdDSA")], "ALGORITHM": "EdDSA"}
HTTP = ROOT / "docs" / "http.md"
UNKNOWN = "/accounts/sessions/9ea40b97-f20d-f322-68c3-404a6c5f9903/"
FORMS = [
    "/accounts/signup/",
    "/accounts/login/",
    "/accounts/password_change/",
    "/accounts/password_reset/",
]


@pytest.fixture
def ada():
    """Return a user with a password."""
    return User.objects.create_user(NAME, "ada@example.com", PASSWORD)


@pytest.fixture
def member(client, ada):
    """Return a client that has logged in."""
    log_in(client)
    return client


def post(client, url, data=None, **more):
    """Send JSON, and hold the answer to the document."""
    response = client.post(url, data or {}, content_type=JSON_BODY, **more)
    check(response)
    return response


def names_of(document):
    """Return the names of the addresses in the document."""
    operations = (each for item in document["paths"].values() for each in item.values())
    ids = {each["operationId"] for each in operations if isinstance(each, dict)}
    return {each.removesuffix("_by_post") for each in ids}


def test_it_has_every_address_and_no_other():
    """At the path where it is, too."""
    document = openapi.document()
    assert names_of(document) == {each.name for each in (*pages, *well_known.urlpatterns)}
    written = re.findall(r"^\| `(\w+)` \| `(\S+)` \|", HTTP.read_text(), re.MULTILINE)
    paths = {re.sub(r"<(\w+)>", r"{\1}", path).replace("{uuid}", "{pk}") for _, path in written}
    assert paths <= {re.sub(r"^/(accounts/)?", "", path) for path in document["paths"]}


def test_the_file_among_the_documents_is_what_it_says_now():
    """``python -m tools.openapi`` writes it anew."""
    assert TARGET.read_text() == render()


def test_the_table_of_errors_has_the_same():
    """Each status with its codes, in docs/http.md and here."""
    written = re.findall(r"^\| (4\d\d) \| `(\w+)`", HTTP.read_text(), re.MULTILINE)
    responses = openapi.document()["components"]["responses"].values()
    described = {
        (str(refusal.status.value), code)
        for refusal in REFUSALS.values()
        for code in (*refusal.codes, *(["invalid"] if refusal.also_invalid else []))
    }
    assert described == set(written)
    assert len(responses) == len(REFUSALS)


def test_the_documents_of_the_page_fit():
    """Those of docs/http.md; and the examples here are theirs."""
    document = openapi.document()
    for block, name in zip(blocks(HTTP, "json"), ["LoginDocument", "LoginList"], strict=True):
        schema = document["components"]["schemas"][name]
        validator(document, schema).validate(json.loads(block))
    login = json.loads(blocks(HTTP, "json")[0])
    properties = document["components"]["schemas"]["LoginDocument"]["properties"]
    assert properties["expires_at"]["examples"] == [login["expires_at"]]


def test_it_is_served_to_everybody_where_it_is_included(client, settings):
    """Even where a login is needed for all else; with GET alone."""
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    response = client.get("/openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == openapi.document()
    assert client.post("/openapi.json").status_code == 405


def test_it_is_not_served_where_it_is_not_included(client, settings):
    """The package's other addresses do not bring it."""
    settings.ROOT_URLCONF = (path("accounts/", include("django_jwt_cookie.urls")),)
    assert client.get("/openapi.json").status_code == 404
    assert client.get("/accounts/openapi.json").status_code == 404


class TestAnswers:
    """Of each operation, as a program gets them."""

    def test_of_signing_up(self, client, settings):
        account = {"username": NAME, "password1": PASSWORD, "password2": PASSWORD}
        assert post(client, "/accounts/signup/", account).status_code == 201
        assert post(client, "/accounts/signup/", account).status_code == 400
        settings.JWT_COOKIE = {"SIGNUP_FORM": "tests.views.test_logins.ModeratedSignupForm"}
        answer = post(client, "/accounts/signup/", account | {"username": "grace"})
        assert answer.json()["session"] is None

    @pytest.mark.parametrize(
        "mode", [{}, {"USER_SOURCE": "token"}, {"TRACK_SESSIONS": False}], ids=str
    )
    def test_of_a_login(self, client, ada, settings, mode):
        settings.JWT_COOKIE = mode
        account = {"username": NAME, "password": PASSWORD, "remember": None}
        assert post(client, "/accounts/login/", account).status_code == 200
        for url in ("/accounts/me/", "/accounts/csrf/", "/accounts/sessions/"):
            response = client.get(url, headers=JSON)
            check(response)
            assert response.status_code == 200
        assert post(client, "/accounts/refresh/").status_code == 200
        assert post(client, "/accounts/logout/").status_code == 204
        assert post(client, "/accounts/logout/").status_code == 204

    def test_of_passwords(self, member, ada):
        change = {"old_password": PASSWORD, "new_password1": "Bochnia-1248"}
        change["new_password2"] = change["new_password1"]
        assert post(member, "/accounts/password_change/", change).status_code == 200
        assert post(member, "/accounts/password_change/", change).status_code == 400
        assert post(member, "/accounts/password_reset/", {"email": ada.email}).status_code == 204
        ada.refresh_from_db()
        link = reset_link(ada)
        new = {"new_password1": PASSWORD, "new_password2": PASSWORD}
        assert post(member, link, new).status_code == 204
        assert post(member, link, new).status_code == 400

    def test_of_a_reset_that_logs_in(self, client, ada, settings):
        settings.ROOT_URLCONF = "tests.support.urls_post_reset_login"
        new = {"new_password1": PASSWORD, "new_password2": PASSWORD}
        assert post(client, reset_link(ada), new).status_code == 200

    def test_of_devices(self, member, new_client):
        log_in(new_client())
        listed = member.get("/accounts/sessions/", headers=JSON).json()["sessions"]
        (other,) = [each["id"] for each in listed if not each["current"]]
        for url, status in (
            (f"/accounts/sessions/{other}/", 204),
            (UNKNOWN, 404),
            ("/accounts/sessions/others/", 204),
        ):
            for send in (member.delete, member.post):
                response = send(url, headers=JSON)
                check(response)
                assert response.status_code == status

    def test_of_pages_for_people(self, member):
        for name in ("password_change/done", "password_reset/done", "reset/done"):
            response = member.get(f"/accounts/{name}/", headers=JSON)
            check(response)
            assert response.status_code == 200

    def test_of_the_keys(self, client, settings):
        settings.JWT_COOKIE = {"KEYS": [pem("EdDSA")], "ALGORITHM": "EdDSA"}
        response = client.get("/.well-known/jwks.json")
        check(response)
        assert len(response.json()["keys"]) == 1
        again = client.get(
            "/.well-known/jwks.json", headers={"if-none-match": response.headers["ETag"]}
        )
        check(again)
        assert again.status_code == 304


class TestRefusals:
    """Whatever goes wrong, the answer is one that stands there."""

    @pytest.mark.parametrize("cookie", [None, "a.b.c"])
    def test_without_a_login(self, client, cookie):
        if cookie:
            client.cookies[COOKIE] = cookie
        for url in ("me/", "sessions/", "password_change/done/"):
            response = client.get(f"/accounts/{url}", headers=JSON)
            check(response)
            assert response.status_code == 401
        for url in ("refresh/", "password_change/", "sessions/others/"):
            assert post(client, f"/accounts/{url}").status_code == 401

    def test_without_a_csrf_token(self, new_client, ada):
        client = new_client(enforce_csrf_checks=True)
        for url in (*FORMS, "/accounts/logout/", "/accounts/refresh/", UNKNOWN):
            assert post(client, url).status_code == 403
        for url in ("/accounts/sessions/others/", UNKNOWN):
            response = client.delete(url, headers=JSON)
            check(response)
            assert response.status_code == 403

    def test_on_a_site_that_only_verifies(self, client, ada, settings):
        settings.JWT_COOKIE = {"USER_SOURCE": "token"} | PUBLIC
        answer = post(client, "/accounts/login/", {"username": NAME, "password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")

    def test_with_a_login_that_is_too_old_for_it(self, member, settings, time_machine):
        view = recent_login_required(max_age=timedelta(minutes=5))
        settings.ROOT_URLCONF = (
            path(
                "accounts/sessions/others/",
                view(LoginSessionsRevokeOthersView.as_view()),
                name="login_sessions_revoke_others",
            ),
            path("accounts/", include("django_jwt_cookie.urls")),
        )
        time_machine.move_to(timezone.now() + timedelta(minutes=6))
        answer = post(member, "/accounts/sessions/others/")
        assert (answer.status_code, answer.json()["code"]) == (401, "recent_login_required")

    @pytest.mark.parametrize("url", FORMS)
    def test_with_a_body_that_is_no_such_form(self, member, settings, url):
        assert post(member, url).json()["code"] == "invalid"
        assert post(member, url, {"username": {}, "email": 1}).status_code == 400
        assert post(member, url, "[]").json()["code"] == "malformed_json"
        for body, content_type, code in (
            ("a", "text/plain", "unsupported_media_type"),
            ("a", "multipart/form-data", "malformed_form"),
            ("a=" + "a" * 99, "application/x-www-form-urlencoded", "too_large"),
        ):
            settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 90
            response = member.post(url, body, content_type=content_type, headers=JSON)
            check(response)
            assert response.json()["code"] == code

    def test_with_a_method_that_is_not_taken(self, member):
        for url in (*FORMS, "/accounts/logout/", "/accounts/me/", "/.well-known/jwks.json"):
            for send in (member.put, member.delete):
                response = send(url, headers=JSON)
                check(response)
                assert response.status_code == 405
        for url in FORMS:
            response = member.get(url, headers=JSON)
            check(response)
            assert response.status_code == 405

    @pytest.mark.parametrize("url", [*FORMS, "/accounts/reset/a/b/"])
    def test_allow_says_what_one_may_do(self, member, url):
        """Whether or not the link works; a program can't get a form, and PUT is for nobody."""
        for headers, allow in ((JSON, "POST, OPTIONS"), ({}, "GET, POST, HEAD, OPTIONS")):
            answer = member.options(url, headers=headers)
            assert (answer.status_code, answer.headers["Allow"]) == (200, allow)
            answer = member.put(url, headers=headers)
            assert (answer.status_code, answer.headers["Allow"]) == (405, allow)
        answer = member.get(url, headers=JSON)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, OPTIONS")

    def test_one_that_does_not_stand_there_would_be_noticed(self, client):
        assert promise(openapi.document(), "/accounts/me/", "get", 418) is None


class TestTheSite:
    """What the document says depends on how the site is set up."""

    def test_the_cookie_and_the_csrf_header_have_their_names(self, settings):
        settings.JWT_COOKIE = {"COOKIE_NAME": "__Host-login"}
        names = {name: each["name"] for name, each in security_schemes().items()}
        assert names == {"login": "__Host-login", "csrf": "X-CSRFToken"}
        settings.CSRF_HEADER_NAME = "HTTP_X_XSRF_TOKEN"
        assert csrf_header() == "X-Xsrf-Token"

    def test_where_signing_up_is_closed_it_is_not_there(self, settings):
        settings.JWT_COOKIE = {"SIGNUP_FORM": None}
        assert "signup" not in names_of(openapi.document())

    def test_the_form_for_signing_up_is_the_site_s(self, settings):
        settings.JWT_COOKIE = {"SIGNUP_FORM": "tests.openapi.test_document.InvitedForm"}
        item = openapi.document()["paths"]["/accounts/signup/"]
        schema = item["post"]["requestBody"]["content"][JSON_BODY]["schema"]
        assert schema["properties"]["invitation"]["maxLength"] == 8
        assert "invitation" in schema["required"]

    def test_of_a_user_that_the_site_serializes_nothing_is_said(self, settings):
        settings.JWT_COOKIE = {"USER_SERIALIZER": "tests.views.test_logins.serialize"}
        assert openapi.document()["components"]["schemas"]["User"] == {"type": "object"}

    def test_without_records_the_list_is_empty(self, settings):
        settings.JWT_COOKIE = {"TRACK_SESSIONS": False}
        schema = openapi.document()["components"]["schemas"]["LoginList"]
        assert schema["properties"]["sessions"]["maxItems"] == 0

    def test_the_paths_are_those_of_the_site(self, settings):
        """Under its prefix, and only what is mounted."""
        settings.ROOT_URLCONF = (path("me-too/", include("django_jwt_cookie.urls")),)
        assert "/me-too/sessions/{pk}/" in openapi.document()["paths"]
        assert "jwks" not in names_of(openapi.document())
        with override_script_prefix("/shop/"):
            assert "/shop/me-too/reset/{uidb64}/{token}/" in openapi.document()["paths"]

    def test_a_view_of_the_site_s_under_one_of_the_names_is_not_described(self, settings):
        settings.ROOT_URLCONF = (
            path("login/", lambda _: HttpResponse(), name="login"),
            path("keys/", lambda _: HttpResponse(), name="jwks"),
            *pages[2:],
        )
        names = names_of(openapi.document())
        assert "me" in names
        assert names.isdisjoint({"login", "jwks", "signup"})


class InvitedForm(SignupForm):
    """Asks for more than the package's."""

    invitation = forms.CharField(max_length=8)


class EveryKind(forms.Form):
    """A field of each kind that JSON has a type for."""

    text = forms.CharField()
    mail = forms.EmailField()
    flag = forms.BooleanField()
    number = forms.IntegerField()
    amount = forms.DecimalField()
    choice = forms.ChoiceField(choices=[("a", "A")])
    choices = forms.MultipleChoiceField(choices=[("a", "A")])
    comment = forms.CharField(required=False, max_length=99)
    maybe = forms.BooleanField(required=False)
    some = forms.MultipleChoiceField(choices=[("a", "A")], required=False)


@pytest.mark.parametrize("name", EveryKind.base_fields)
@pytest.mark.parametrize(
    "value", ["a@b.example", "a", True, False, 1, 1.5, [], ["a"], [1], {}, {"a": "b"}], ids=repr
)
def test_what_fits_a_field_has_a_type_that_the_view_takes(name, value):
    """And the other way round. A form may refuse a value for other reasons."""
    field = EveryKind.base_fields[name]
    fits = Draft202012Validator(schemas.value(field)).is_valid(value)
    assert fits is (name not in find_wrong_types(EveryKind({name: value})))


@pytest.mark.parametrize("name", EveryKind.base_fields)
def test_null_is_no_value(name):
    """Which only a field that need not be filled in takes."""
    field = EveryKind.base_fields[name]
    fits = Draft202012Validator(schemas.value(field)).is_valid(None)
    assert fits is (name not in EveryKind({name: None}).errors)


def test_an_empty_text_is_no_value():
    """Likewise."""
    for name, fits in (("text", False), ("mail", False), ("comment", True)):
        field = EveryKind.base_fields[name]
        assert Draft202012Validator(schemas.value(field)).is_valid("") is fits
        assert (name not in EveryKind({name: ""}).errors) is fits


def test_a_program_may_use_either_name_of_a_user():
    """The form's, or the one in the login document."""
    schema = schemas.body(forms_with("username", "password"), {"email": "username"})
    for data, fits in (
        ({"username": "a", "password": "b"}, True),
        ({"email": "a", "password": "b"}, True),
        ({"email": "a"}, False),
        ({"password": "b"}, False),
    ):
        assert Draft202012Validator(schema).is_valid(data) is fits


def forms_with(*names):
    """Return a form that has these fields."""
    return type("Form", (forms.Form,), {name: forms.CharField() for name in names})


def reset_link(user):
    """Return the address that is sent by e-mail."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"/accounts/reset/{uid}/{default_token_generator.make_token(user)}/"
