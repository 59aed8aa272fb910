"""The public keys of the ring, for sites that verify its tokens. To be included at the root.

``path("", include("django_jwt_cookie.well_known"))`` serves ``.well-known/jwks.json``.
"""

from django.urls import path

from .views.jwks import jwks

urlpatterns = [path(".well-known/jwks.json", jwks, name="jwks")]
