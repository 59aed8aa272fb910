"""Where a user is logged in, and how to end these logins from here: for people and programs."""

import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings as django_settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateView

from .. import sessions
from ..authentication import get_jwt, logout
from ..conf import get_settings
from ..decorators import login_required
from ..responses import error
from ..sessions.descriptions import Description
from .mixins import NegotiatedView


def current_id(request: HttpRequest) -> uuid.UUID | None:
    """Return the id of the login that asks; none if the request is known by something else."""
    session = get_jwt(request).login_session
    return session.pk if session else None


@method_decorator(login_required(confirm=True), name="dispatch")
class LoginSessionsView(NegotiatedView, TemplateView):
    """List the logins of the user that go on: the one that asks, then the newest first."""

    template_name = "django_jwt_cookie/login_sessions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the logins."""
        more = {
            "title": _("Where you are logged in"),
            "devices": self.describe(),
            "is_tracked": get_settings().track_sessions,
        }
        return super().get_context_data(**kwargs) | more

    def describe(self) -> list[Description]:
        """Return the logins, the one that asks included, even if it begins with this request."""
        active = sessions.active(self.request.user).order_by("-created_at", "pk")  # type: ignore[arg-type]
        found, own = list(active), get_jwt(self.request).login_session
        if own is not None and own not in found and sessions.are_recorded():
            found.append(own)  # Its record is written when the answer goes out.
        descriptions = [Description(session, session == own) for session in found]
        descriptions.sort(key=lambda each: not each.is_current)
        now = timezone.now()
        return [each for each in descriptions if now < each.expires_at]

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Return the page, or the list."""
        if self.prefers_json():
            return JsonResponse({"sessions": [each.to_document() for each in context["devices"]]})
        return super().render_to_response(context, **kwargs)


@method_decorator(login_required(confirm=True), name="dispatch")
class EndingView(NegotiatedView):
    """Ends logins: with POST from a page, with DELETE from a program."""

    end: Callable[..., str]
    """Ends what the address names, and returns what to tell people."""

    def delete(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """End it; 204, or 404 for what is not there or not one's own."""
        try:
            self.end(**kwargs)
        except Http404 as missing:
            return error("not_found", HTTPStatus.NOT_FOUND, missing)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """End it, and go back to the list; whoever has ended this very login is logged out."""
        if self.prefers_json():
            return self.delete(request, **kwargs)
        message = self.end(**kwargs)
        if not request.user.is_authenticated:
            url = django_settings.LOGOUT_REDIRECT_URL or django_settings.LOGIN_URL
            return HttpResponseRedirect(resolve_url(url))
        messages.success(request, message, fail_silently=True)
        return HttpResponseRedirect(resolve_url("login_sessions"))


class LoginSessionRevokeView(EndingView):
    """End one login. A second time does no harm: the button may have been pressed twice."""

    def end(self, **kwargs: Any) -> str:
        """End it. What is somebody else's is as unknown as what was never there."""
        if kwargs["pk"] == current_id(self.request):
            logout(self.request)
            return ""
        own = sessions.records().filter(user=self.request.user)  # type: ignore[misc]
        session = own.filter(pk=kwargs["pk"]).first()
        if session is None:
            raise Http404(_("You have no such login."))
        sessions.revoke(session)
        return gettext("The login was ended.")


class LoginSessionsRevokeOthersView(EndingView):
    """End all logins of the user but the one that asks."""

    def end(self, **kwargs: Any) -> str:
        """End them."""
        others = sessions.active(self.request.user)  # type: ignore[arg-type]
        if current := current_id(self.request):
            others = others.exclude(pk=current)
        ended = sessions.end_all(others, sessions.EndReason.REVOKED)
        message = ngettext(
            "%(count)d other login was ended.", "%(count)d other logins were ended.", ended
        )
        return message % {"count": ended}
