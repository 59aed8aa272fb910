"""``AUDIENCE`` as a function of the request: a token of one tenant is none of another."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from django_jwt_cookie.conf import find_audience, get_audience, get_settings, may_mix_tenants
from django_jwt_cookie.exceptions import TokenInvalid
from django_jwt_cookie.tokens import decode
from tests.support.accounts import COOKIE, NAME, PASSWORD, log_in, who

NORTH, SOUTH = "north.example", "south.example"


def tenant(request):
    """Name the tenant of a request by its host, as ``JWT_COOKIE["AUDIENCE"]``."""
    return request.get_host()


def nobody(request):
    """Tell that a request is of no tenant."""


def nonsense(request):
    """Return what is no audience."""
    return ["north", "south"]


constant = "shop"
"""What has a dotted path, and is no function."""


def ask(host=NORTH):
    """Return a request to that host."""
    return RequestFactory(headers={"host": host}).get("/")


@pytest.fixture(autouse=True)
def hosts(settings):
    """Serve both tenants."""
    settings.ALLOWED_HOSTS = [NORTH, SOUTH, "testserver"]


def use(settings, name):
    """Let the audience be what ``name`` in this module says."""
    settings.JWT_COOKIE = {"AUDIENCE": f"{__name__}.{name}"}


@pytest.mark.parametrize(
    "text", ["shop", "https://shop.example/", "shop.example", "urn:shop", "a b", "no_module.here"]
)
def test_what_is_no_path_of_a_module_is_the_audience_itself(settings, text):
    """A request has no say in it, and need not be there."""
    settings.JWT_COOKIE = {"AUDIENCE": text}
    assert find_audience(get_settings()) is None
    assert get_audience(None) == get_audience(ask()) == text


def test_without_the_setting_there_is_none():
    """Tokens name nobody."""
    assert get_audience(None) is get_audience(ask()) is None


def test_a_function_decides_by_the_request(settings):
    """Each time; the same settings serve all tenants."""
    use(settings, "tenant")
    assert [get_audience(ask(host)) for host in (NORTH, SOUTH)] == [NORTH, SOUTH]
    use(settings, "nobody")
    assert get_audience(ask()) is None


def test_it_has_to_be_asked_with_a_request(settings):
    """Code that passes none would take the token of any tenant."""
    use(settings, "tenant")
    with pytest.raises(TypeError, match="depends on the request"):
        get_audience(None)


@pytest.mark.parametrize(
    "path",
    [f"{__name__}.tennant", "tests.no_such_module.tenant", f"{__name__}.constant", "tests.conf"],
)
def test_a_path_that_was_mistyped_is_no_text(settings, path):
    """The tokens of all tenants would be alike. The message says how to mean it as text."""
    settings.JWT_COOKIE = {"AUDIENCE": path}
    with pytest.raises(ImproperlyConfigured, match=f"write a URL, such as https://{path}"):
        get_audience(ask())


def test_what_it_returns_has_to_be_a_text_or_none(settings):
    """A list would be written into tokens, and compared with nothing."""
    use(settings, "nonsense")
    with pytest.raises(ImproperlyConfigured, match=r"it returned \['north', 'south'\]"):
        get_audience(ask())


@pytest.mark.parametrize(
    ("given", "has_routers", "expected"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"AUDIENCE": "shop"}, True, True),
        ({"AUDIENCE": f"{__name__}.tenant"}, True, False),
    ],
    ids=str,
)
def test_where_tenants_could_be_mixed_up(settings, given, has_routers, expected):
    """Where requests go to different databases, and no function says which tenant each is of."""
    settings.JWT_COOKIE = given
    settings.DATABASE_ROUTERS = ["tests.conf.test_audience.Router"] if has_routers else []
    assert may_mix_tenants(get_settings()) is expected


class Router:
    """Has no opinion."""


@pytest.mark.django_db
@pytest.mark.parametrize(
    "mode",
    [
        {},
        {"USER_SOURCE": "token"},
        {"TRACK_SESSIONS": False},
        {"USER_SOURCE": "token", "TRACK_SESSIONS": False},
    ],
    ids=str,
)
def test_attack_a_cookie_of_one_tenant_is_nobody_at_another(client, settings, mode):
    """With the same keys, and the same user in the same table."""
    settings.JWT_COOKIE = mode | {"AUDIENCE": f"{__name__}.tenant"}
    User.objects.create_user(NAME, password=PASSWORD)
    client.defaults["HTTP_HOST"] = NORTH
    assert log_in(client).status_code == 200
    assert who(client) == NAME
    token = client.cookies[COOKIE].value
    assert decode(token, ask(NORTH)).aud == NORTH
    with pytest.raises(TokenInvalid):
        decode(token, ask(SOUTH))
    client.defaults["HTTP_HOST"] = SOUTH
    assert who(client) is None
    client.cookies[COOKIE] = token
    client.defaults["HTTP_HOST"] = NORTH
    assert who(client) == NAME
