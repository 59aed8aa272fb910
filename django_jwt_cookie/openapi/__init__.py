"""The JSON API as an OpenAPI 3.1 document.

``path("api/", include("django_jwt_cookie.openapi"))`` serves it at ``api/openapi.json``.
"""

from .document import document, urlpatterns

__all__ = ["document", "urlpatterns"]
