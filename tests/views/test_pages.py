"""What the pages tell the browser, and how a site replaces them, as a whole or block by block."""

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django import forms
from django.contrib.auth.models import User

import django_jwt_cookie
from django_jwt_cookie.forms import SignupForm
from django_jwt_cookie.responses import RECENT_LOGIN_REQUIRED
from tests.support.accounts import NAME, PASSWORD, sign_up
from tests.support.documents import ROOT, blocks, write_files

pytestmark = pytest.mark.django_db

PAGE = ROOT / "docs" / "pages.md"
TEMPLATES = Path(django_jwt_cookie.__file__).parent / "templates"
AGAIN = f"/accounts/login/?reason={RECENT_LOGIN_REQUIRED}"


class NamedSignupForm(SignupForm):
    """Asks for more than the user model requires, and has been invited."""

    invitation = forms.CharField(widget=forms.HiddenInput)

    class Meta(SignupForm.Meta):
        fields = (*SignupForm.Meta.fields, "first_name", "last_name")


class Inputs(HTMLParser):
    """Collects the visible inputs of a page, by their names."""

    def __init__(self, page):
        super().__init__()
        self.found = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "input" and attributes["type"] != "hidden":
            self.found[attributes["name"]] = attributes

    def having(self, attribute):
        """Return what the inputs have that have this attribute at all."""
        return {
            name: attributes[attribute]
            for name, attributes in self.found.items()
            if attribute in attributes
        }


def text_of(response):
    return response.content.decode()


def inputs(response):
    return Inputs(text_of(response))


@pytest.fixture(autouse=True)
def pages_of_its_own(settings):
    """Without the admin, whose pages about passwords come first."""
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "django.contrib.admin"
    ]
    settings.ROOT_URLCONF = "tests.pages.urls"


@pytest.fixture
def own_templates(settings, tmp_path):
    """Return the folder of a site's own templates."""
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [engine | {"DIRS": [tmp_path / "templates"]}]
    return tmp_path / "templates"


# --- Fields


@pytest.mark.parametrize(
    ("path", "purposes"),
    [
        ("/accounts/login/", {"username": "username", "password": "current-password"}),
        (
            "/accounts/signup/",
            {
                "username": "username",
                "email": "email",
                "first_name": "given-name",
                "last_name": "family-name",
                "password1": "new-password",
                "password2": "new-password",
            },
        ),
        (
            "/accounts/password_change/",
            {
                "old_password": "current-password",
                "new_password1": "new-password",
                "new_password2": "new-password",
            },
        ),
        ("/accounts/password_reset/", {"email": "email"}),
    ],
)
def test_a_browser_knows_what_to_fill_in(client, settings, path, purposes):
    """WCAG 2.2, criterion 1.3.5; and no field takes a name's first letter for a capital."""
    settings.JWT_COOKIE = {"SIGNUP_FORM": f"{__name__}.NamedSignupForm"}
    if "change" in path:
        client.force_login(User.objects.create_user(NAME))
    found = inputs(client.get(path))
    assert found.having("autocomplete") == purposes
    assert found.having("autocapitalize") == (
        {"username": "none"} if "username" in purposes else {}
    )


def test_the_first_field_that_is_wrong_has_the_focus(client):
    """It alone: HTML allows ``autofocus`` once in a page."""
    form = {"username": NAME, "email": "nowhere", "password1": PASSWORD, "password2": "other"}
    assert list(inputs(client.get("/accounts/signup/")).having("autofocus")) == ["username"]
    found = inputs(client.post("/accounts/signup/", form))
    assert list(found.having("autofocus")) == ["email"]
    assert found.having("aria-invalid") == {"email": "true", "password2": "true"}
    assert found.having("aria-describedby")["email"] == "id_email_error"


def test_where_no_field_is_to_blame_one_begins_anew(client):
    """Name or password: it is not told which."""
    page = client.post("/accounts/login/", {"username": NAME, "password": PASSWORD})
    assert list(inputs(page).having("autofocus")) == ["username"]
    assert inputs(page).having("aria-invalid") == {}


def test_whose_name_is_known_begins_with_the_password(client):
    """When it is asked for again."""
    sign_up(client)
    assert list(inputs(client.get(AGAIN)).having("autofocus")) == ["password"]


def test_what_is_wrong_is_listed_above_the_form(client, settings):
    """With a link to each field that there is to see."""
    settings.JWT_COOKIE = {"SIGNUP_FORM": f"{__name__}.NamedSignupForm"}
    page = text_of(client.post("/accounts/signup/", {"username": NAME, "password1": PASSWORD}))
    alert = page.partition('role="alert"')[2].partition("</div>")[0]
    items = [re.sub(r"\s+", " ", item) for item in re.findall(r"<li><p>(.*?)</p></li>", alert)]
    assert items == [
        '<a href="#id_password2">Password confirmation</a> This field is required.',
        "Invitation This field is required.",
    ]
    assert "Please correct the errors below." in alert
    page = text_of(client.post("/accounts/login/", {"username": NAME, "password": PASSWORD}))
    assert "Please correct the error below." in page
    assert page.count("Please enter a correct username and password.") == 1


# --- Replacing


def rows():
    """Return the table of the document, with the names in each of its cells."""
    cells = re.findall(r"^\| (`.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [[re.findall(r"`([^`]+)`", cell) for cell in row.split(" | ")] for row in cells]


def test_every_template_is_documented_with_its_blocks():
    """Where it is, and what a site may fill in."""
    documented = {(own or name)[0]: blocks for name, own, _, blocks in rows()}
    assert documented == {
        str(path.relative_to(TEMPLATES)): re.findall(r"{% block (\w+)", path.read_text())
        for path in TEMPLATES.rglob("*.html")
    }


PATHS = {
    "login": "/accounts/login/",
    "signup": "/accounts/signup/",
    "password_change_form": "/accounts/password_change/",
    "password_change_done": "/accounts/password_change/done/",
    "password_reset_form": "/accounts/password_reset/",
    "password_reset_done": "/accounts/password_reset/done/",
    "password_reset_confirm": "/accounts/reset/MQ/a-b/",
    "password_reset_complete": "/accounts/reset/done/",
    "login_sessions": "/accounts/sessions/",
}


def test_every_page_has_the_context_that_is_documented(client):
    """And is shown by the template that is."""
    sign_up(client)
    pages = {name: client.get(path) for name, path in PATHS.items()}
    pages["logged_out"] = client.post("/accounts/logout/")
    context = {name[0]: names for name, _, names, _ in rows()}
    own = {(own or name)[0] for name, own, _, _ in rows()}
    for name, page in pages.items():
        (template,) = [each for each in context if each.endswith(f"/{name}.html")]
        assert [each for each in context[template] if each not in page.context] == []
        assert page.templates[0].name in own


def test_the_e_mail_has_the_context_that_is_documented(client, mailoutbox):
    """A site's own template has nothing else to go by."""
    User.objects.create_user(NAME, "ada@example.com", PASSWORD)
    page = client.post("/accounts/password_reset/", {"email": "ada@example.com"})
    (context,) = (names for name, _, names, _ in rows() if "email" in name[0])
    assert len(mailoutbox) == 1
    assert [each for each in context if each not in page.context] == []


def test_a_site_puts_the_pages_into_its_own_frame(client, own_templates):
    """By one file."""
    own_templates.mkdir()
    write_files(PAGE, own_templates.parent)
    (own_templates / "site.html").write_text("<title>S</title>{% block main %}{% endblock %}")
    page = text_of(client.get("/accounts/signup/"))
    assert page.strip().startswith("<title>S</title>")
    assert "<h1>Sign up</h1>" in re.sub(r"\s+", " ", page)
    assert 'name="password2"' in page
    assert "<main>" not in page


def test_a_site_replaces_one_block(client, own_templates):
    """Of a page that is called as Django calls it, and of one that is called otherwise here."""
    write_files(PAGE, own_templates.parent)
    (own_templates / "django_jwt_cookie" / "base.html").unlink()
    page = text_of(client.get("/accounts/login/"))
    assert '<button type="submit">Come in</button>' in page
    assert "Forgotten your password?" in page
    sign_up(client)
    page = text_of(client.get("/accounts/password_change/"))
    assert "Twelve characters or more, please." in page
    assert "You stay logged in here." in page


@pytest.mark.parametrize("by_the_document", [False, True])
def test_a_site_with_the_admin_gets_the_pages_back(
    client, settings, own_templates, mailoutbox, by_the_document
):
    """All that the admin has templates for, and the e-mail, by the commands of the document."""
    settings.INSTALLED_APPS = ["django.contrib.admin", *settings.INSTALLED_APPS]
    settings.ROOT_URLCONF = "tests.support.urls"
    if by_the_document:
        (commands,) = blocks(PAGE, "sh")
        subprocess.run(["/bin/sh", "-c", commands], cwd=own_templates.parent, check=True)  # noqa: S603
    sign_up(client)
    User.objects.update(email="ada@example.com")
    replaced = [name for name in PATHS if name.startswith("password_")]
    pages = [client.get(PATHS[name]) for name in replaced]
    client.post(PATHS["password_reset_form"], {"email": "ada@example.com"})
    pages += [client.post("/accounts/logout/")]
    by_the_admin = ["Django administration" in text_of(page) for page in pages]
    assert by_the_admin == [not by_the_document] * 7
    assert ("hopefully you" in mailoutbox[0].body) == by_the_document
