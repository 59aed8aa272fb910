"""The addresses of that site: views that change what they are given."""

from django.http import JsonResponse
from django.urls import include, path


def document(request):
    """Show what the user's document says."""
    return JsonResponse({"document": request.user.document, "name": request.user.name})


def promote_oneself(request):
    """Change one's own document, and one's name, for this request."""
    request.user.document["roles"].append("editor")
    request.user.name = "root"
    return document(request)


def promote_by_claims(request):
    """Change what the token says, before anybody has asked for the user."""
    request.jwt.claims["document"]["roles"].append("editor")
    return document(request)


def keep(request):
    """Change one's own document for good."""
    request.user.document["theme"] = "dark"
    request.user.save()
    return document(request)


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("document/", document),
    path("promote-oneself/", promote_oneself),
    path("promote-by-claims/", promote_by_claims),
    path("keep/", keep),
]
