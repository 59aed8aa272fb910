"""Strawberry's views for Django, of both kinds, with CSRF on."""

from django.urls import include, path
from strawberry.django.views import AsyncGraphQLView, GraphQLView

from .schema import async_schema, schema

urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("graphql/", GraphQLView.as_view(schema=schema)),
    path("agraphql/", AsyncGraphQLView.as_view(schema=async_schema)),
]
