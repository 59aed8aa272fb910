"""Changing a password and choosing a new one by e-mail: Django's views, for people and programs."""

from http import HTTPStatus
from typing import Any

from django.contrib.auth import views as auth_views
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from .. import users
from ..authentication import get_jwt, refuse_where_none_begins
from ..decorators import login_required
from ..responses import has_login, login_document
from .mixins import NegotiatedFormView, NegotiatedPageView, fallback, invalid


@method_decorator(login_required(confirm=True), name="dispatch")
class PasswordChangeView(NegotiatedFormView, auth_views.PasswordChangeView):
    """Change the password: this login goes on, all others of the user end."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Change it; whoever is known by something else than a login gets no document of one."""
        refuse_where_none_begins()
        with get_jwt(self.request).lend_session():
            response = super().form_valid(form)
        if not self.prefers_json():
            return response
        if has_login(self.request):
            return JsonResponse(login_document(self.request))
        return HttpResponse(status=HTTPStatus.NO_CONTENT)


@method_decorator(login_required, name="dispatch")
class PasswordChangeDoneView(NegotiatedPageView, auth_views.PasswordChangeDoneView):
    """Say that the password was changed."""


class PasswordResetView(NegotiatedFormView, auth_views.PasswordResetView):
    """Send a link, if there is an account to send it to; the answer does not tell."""

    email_template_name = (  # type: ignore[assignment]
        auth_views.PasswordResetView.email_template_name,
        fallback(auth_views.PasswordResetView.email_template_name),
    )

    def form_valid(self, form: Any) -> HttpResponse:
        """Send it."""
        response = super().form_valid(form)
        return HttpResponse(status=HTTPStatus.NO_CONTENT) if self.prefers_json() else response


class PasswordResetDoneView(NegotiatedPageView, auth_views.PasswordResetDoneView):
    """Say that an e-mail may be on its way."""


class PasswordResetConfirmView(NegotiatedFormView, auth_views.PasswordResetConfirmView):
    """Choose a new password, with the link from the e-mail."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Check the link; without a session, or for a program, where it stands.

        Django moves the link's token into the session and redirects to an address without it, so
        that no ``Referer`` tells it. A program follows no such redirect, and some sites have no
        sessions: they get to Django's second step at once, with the token in a lent session.
        """
        if request.method == "OPTIONS" or request.method not in self._allowed_methods():
            return View.dispatch(self, request, *args, **kwargs)  # Whether the link works or not.
        if hasattr(request, "session") and not self.prefers_json():
            return super().dispatch(request, *args, **kwargs)
        with get_jwt(request).lend_session() as session:
            session[INTERNAL_RESET_SESSION_TOKEN] = kwargs["token"]
            kwargs["token"] = self.reset_url_token
            response = super().dispatch(request, *args, **kwargs)
            session.pop(INTERNAL_RESET_SESSION_TOKEN, None)
        # The address of this page holds the token: no other site may be told it. (``no-referrer``
        # would also keep it from this site, whose CSRF check needs it on https.)
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        """Set the new password, and log in where the site says so."""
        if self.post_reset_login and (backend := users.find_backend(form.user)):
            # No impersonation, if somebody is logged in: who has the e-mail is here.
            form.user.backend = self.post_reset_login_backend or backend
        response = super().form_valid(form)
        if not self.prefers_json():
            return response
        if self.post_reset_login:
            return JsonResponse(login_document(self.request))
        return HttpResponse(status=HTTPStatus.NO_CONTENT)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Show the page; to a program, say that the link does not work."""
        if self.prefers_json():
            message = str(_("The link was used before, or is too old."))
            return invalid({"token": [{"message": message, "code": "invalid"}]})
        return super().render_to_response(context, **kwargs)


class PasswordResetCompleteView(NegotiatedPageView, auth_views.PasswordResetCompleteView):
    """Say that the new password is set."""
