"""How one logs in stands in the document that drf-spectacular makes."""

import io

import pytest
from django.core.management import call_command
from django.urls import path
from drf_spectacular.generators import SchemaGenerator

from django_jwt_cookie.contrib.rest_framework import JWTCookieAuthentication
from tests.support.accounts import NAME, sign_up

from .urls import Whoami

JSON = {"accept": "application/vnd.oai.openapi+json"}


class OwnAuthentication(JWTCookieAuthentication):
    """A class of the site's own, with something more in it."""


class OwnWhoami(Whoami):
    authentication_classes = (OwnAuthentication,)


def test_the_document_has_our_scheme(client, settings):
    """With the name that the cookie has on this site."""
    settings.JWT_COOKIE = {"COOKIE_NAME": "__Host-who"}
    document = client.get("/api/schema/", headers=JSON).json()
    assert document["components"]["securitySchemes"] == {
        "jwtCookie": {"type": "apiKey", "in": "cookie", "name": "__Host-who"}
    }
    assert document["paths"]["/api/whoami/"]["get"]["security"] == [{"jwtCookie": []}]


def test_a_class_of_the_sites_own_has_it_too():
    """One that is made from ours."""
    generator = SchemaGenerator(patterns=[path("own/", OwnWhoami.as_view())])
    document = generator.get_schema(public=True)
    assert document["paths"]["/own/"]["get"]["security"] == [{"jwtCookie": []}]


def test_the_document_is_made_without_a_warning():
    """`spectacular --fail-on-warn`, as sites run it before a release."""
    words = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=words)
    assert "jwtCookie" in words.getvalue()


@pytest.mark.django_db
def test_the_documents_pages_answer_whoever_asks(client):
    """With a login and without; what is tried on them knows who that is."""
    assert client.get("/api/docs/").status_code == 200
    sign_up(client)
    assert client.get("/api/docs/").status_code == 200
    assert client.get("/api/whoami/").json() == NAME
