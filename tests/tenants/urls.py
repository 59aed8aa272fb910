"""What each tenant's site has."""

from django.contrib import admin
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.http import HttpResponse, JsonResponse
from django.urls import include, path


def person(request):
    """Tell who somebody is here, with what no token carries."""
    user = request.user
    return JsonResponse(
        {
            "name": user.get_username(),
            "note": getattr(user, "last_name", ""),
            "permissions": sorted(user.get_all_permissions()),
            "is_superuser": user.is_superuser,
            "reason": request.jwt.reason,
        }
    )


@login_required
def members(request):
    return HttpResponse(request.user.get_username())


@permission_required("auth.delete_user", raise_exception=True)
def dangerous(request):
    return HttpResponse("done")


def put(request, item):
    request.session["cart"] = item
    return HttpResponse("put")


def cart(request):
    return HttpResponse(request.session.get("cart", "-"))


def change_elsewhere(request, how):
    """Do something to user 1 of another tenant's database, as a site that keeps them all does."""
    people = User.objects.using("b")
    if how == "delete":
        people.filter(pk=1).delete()
    else:
        user = people.get(pk=1)
        user.set_password("another one")
        user.save(using="b")
    return HttpResponse("changed")


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("admin/", admin.site.urls),
    path("person/", person),
    path("members/", members),
    path("dangerous/", dangerous),
    path("change-elsewhere/<how>/", change_elsewhere),
    path("cart/", cart),
    path("cart/<item>/", put),
]
