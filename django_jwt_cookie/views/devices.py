"""Where a user is logged in, and how to end these logins from here: for people and programs."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings as django_settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateView

from .. import sessions
from ..authentication import get_jwt, logout
from ..conf import get_settings
from ..decorators import login_required, recent_login_required
from ..sessions.descriptions import Description
from .mixins import NegotiatedView
from .protection import explain

PAGE_SIZE = 50
"""Logins on a page of the list, besides the one that asks, which is on the first."""

PAGE_NUMBER = re.compile("[1-9][0-9]{0,5}")


def current_id(request: HttpRequest) -> uuid.UUID | None:
    """Return the id of the login that asks; none if the request is known by something else."""
    session = get_jwt(request).login_session
    return session.pk if session else None


@method_decorator(login_required(confirm=True), name="dispatch")
class LoginSessionsView(NegotiatedView, TemplateView):
    """List the logins of the user that go on: the one that asks, then the newest first."""

    template_name = "django_jwt_cookie/login_sessions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the logins, and where there are more."""
        page = self.find_page()
        devices, has_older = self.describe(page)
        if page > 1 and not devices:
            raise Http404(Paginator.default_error_messages["no_results"])
        more = {
            "title": _("Where you are logged in"),
            "devices": devices,
            "newer": f"?page={page - 1}" if page > 1 else None,
            "older": f"?page={page + 1}" if has_older else None,
            "is_tracked": get_settings().track_sessions,
        }
        return super().get_context_data(**kwargs) | more

    def find_page(self) -> int:
        """Return the number of the page that is asked for; the first is 1."""
        page = self.request.GET.get("page", "1")
        if not PAGE_NUMBER.fullmatch(page):
            raise Http404(Paginator.default_error_messages["invalid_page"])
        return int(page)

    def describe(self, page: int) -> tuple[list[Description], bool]:
        """Return the logins of a page, and whether there are older ones.

        The login that asks is on the first page, even if it begins with this request: its record is
        written when the answer goes out.
        """
        others = sessions.active(self.request.user).order_by("-created_at", "pk")  # type: ignore[arg-type]
        own = get_jwt(self.request).login_session
        if own is not None:
            others = others.exclude(pk=own.pk)
        start = (page - 1) * PAGE_SIZE
        found = list(others[start : start + PAGE_SIZE + 1])  # One more, in place of a count.
        descriptions = [Description(session) for session in found[:PAGE_SIZE]]
        if own is not None and page == 1 and sessions.are_recorded():
            descriptions.insert(0, Description(own, is_current=True))
        return descriptions, len(found) > PAGE_SIZE

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Return the page, or the list."""
        if self.prefers_json():
            listed = [each.to_document() for each in context["devices"]]
            older = context["older"] and f"{self.request.path}{context['older']}"
            return JsonResponse({"sessions": listed, "next": older})
        return super().render_to_response(context, **kwargs)


class EndingView(NegotiatedView):
    """Ends logins: with POST from a page, with DELETE from a program.

    To end another login takes a password that was given lately (ASVS 7.5.2): a borrowed browser
    must not log its owner out everywhere else. One's own login may always end.
    """

    max_age: timedelta | None = timedelta(minutes=5)
    """How long ago the password may have been given; with None any login will do."""

    login_url: str | None = None
    """Where it is asked for again; None is ``LOGIN_URL``."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask for a login, and for one that is recent."""
        is_own = "pk" in kwargs and kwargs["pk"] == current_id(request)
        if self.max_age is None or is_own:
            guard = login_required(login_url=self.login_url, confirm=True)
        else:
            guard = recent_login_required(max_age=self.max_age, login_url=self.login_url)
        response: HttpResponseBase = guard(super().dispatch)(request, *args, **kwargs)
        return response

    end: Callable[..., str]
    """Ends what the address names, and returns what to tell people."""

    def delete(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """End it; 204, or 404 for what is not there or not one's own."""
        try:
            self.end(**kwargs)
        except Http404 as missing:
            return explain(missing)  # No page can send this: whoever does is a program.
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
