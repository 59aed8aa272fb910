"""Signing up, logging in and out: Django's own views where Django has one.

Each answers people with pages and programs with JSON, through the same form and the same function.
"""

from functools import cached_property
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import views as auth_views
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.views import RedirectURLMixin
from django.db import IntegrityError, router, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import resolve_url
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.views.csrf import csrf_failure as django_csrf_failure
from django.views.decorators.cache import never_cache
from django.views.decorators.vary import vary_on_headers

from .. import users
from ..authentication import get_jwt, login, logout, warn_of_plain_http
from ..conf import get_settings
from ..cookies import needs_https
from ..forms import USERNAME, LoginForm, UserModel, begin_with
from ..responses import (
    HTTPS_DETAIL,
    REASON_FIELD,
    REASONS,
    RECENT_LOGIN_REQUIRED,
    csrf_failed,
    has_login,
    https_required,
    login_document,
    prefers_json,
    unauthorized,
)
from .mixins import NegotiatedFormView, NegotiatedView, TemplateFallbackMixin

NO_CONTENT = HTTPStatus.NO_CONTENT


class LoginFormView(NegotiatedFormView):
    """Begins no login where the browser would drop its cookie, and says why."""

    @cached_property
    def needs_https(self) -> bool:
        """Whether this request came over plain http, and the cookie is ``Secure`` in any case."""
        return needs_https(self.request) and not get_jwt(self.request).is_out_of_place

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take the form; over plain http not even that."""
        if not self.needs_https:
            return super().post(request, *args, **kwargs)
        warn_of_plain_http()
        if self.prefers_json():
            return https_required()
        return HttpResponseRedirect(request.get_full_path())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add why nobody can log in, if so."""
        more = {"needs_https": self.needs_https, "https_message": HTTPS_DETAIL}
        return super().get_context_data(**kwargs) | more


class SignupView(RedirectURLMixin, LoginFormView):
    """Make an account and log it in."""

    template_name = "registration/signup.html"
    redirect_authenticated_user = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Serve the request, or lead on whoever is logged in."""
        redirects = self.redirect_authenticated_user and not self.prefers_json()
        if redirects and request.user.is_authenticated:
            return HttpResponseRedirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def get_form_class(self) -> Any:
        """Return the form of the settings; no page, if the site takes no new members."""
        path = get_settings().signup_form
        if path is None:
            raise Http404("Signing up is turned off: JWT_COOKIE['SIGNUP_FORM'] is None.")
        return import_string(path)

    def get_default_redirect_url(self) -> str:
        """Return where a new member goes who came from nowhere."""
        return resolve_url(self.next_page or django_settings.LOGIN_REDIRECT_URL)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add where to go afterwards."""
        next_page = {self.redirect_field_name: self.get_redirect_url()}
        return super().get_context_data(**kwargs) | next_page | {"title": _("Sign up")}

    def form_valid(self, form: Any) -> HttpResponse:
        """Make the account; an account that may log in right away is logged in."""
        alias = router.db_for_write(UserModel)
        try:
            with transaction.atomic(using=alias):
                user = form.save()
        except IntegrityError:
            name = {USERNAME: form.instance.get_username()}
            if not UserModel._default_manager.using(alias).filter(**name).exists():
                raise
            # Somebody took the name between the form's look and now.
            form.add_error(USERNAME, _("This name is taken."))
            return self.form_invalid(form)
        backend = users.find_backend(user)
        if backend is not None:
            # No impersonation, if somebody is logged in: who has made the account is here.
            user.backend = backend
            login(self.request, user, remember=form.cleaned_data.get("remember", True))
        return self.welcome(user, is_logged_in=backend is not None)

    def welcome(self, user: AbstractBaseUser, *, is_logged_in: bool) -> HttpResponse:
        """Lead on a new member."""
        if not self.prefers_json():
            url = self.get_success_url() if is_logged_in else resolve_url(django_settings.LOGIN_URL)
            return HttpResponseRedirect(url)
        if is_logged_in:
            document = login_document(self.request)
        else:
            serialize = import_string(get_settings().user_serializer)
            document = {"user": serialize(user, self.request), "session": None}
        return JsonResponse(document, status=HTTPStatus.CREATED)


class LoginView(LoginFormView, auth_views.LoginView):
    """Django's login, with "remember me", and a word on why one has to log in again."""

    form_class = LoginForm
    aliases = MappingProxyType({USERNAME: "username"})
    """Django's form says "username" whatever the user model says; a program may say either."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Serve the request; nobody who has to log in again is redirected away from it."""
        if self.prefers_json() or request.GET.get(REASON_FIELD) == RECENT_LOGIN_REQUIRED:
            self.redirect_authenticated_user = False
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        """Keep who it is, and "remember me", for somebody who has to give the password again."""
        user, session = self.request.user, get_jwt(self.request).login_session
        if not user.is_authenticated:
            return super().get_initial()
        remember = session is not None and session.persistent
        return super().get_initial() | {"username": user.get_username(), "remember": remember}

    def get_form(self, form_class: Any = None) -> Any:
        """Return the form; where the name is known, it begins with the password."""
        form = super().get_form(form_class)
        if "username" in form.initial:
            begin_with(form, "password")
        return form

    def form_valid(self, form: Any) -> HttpResponse:
        """Log in."""
        remember = form.cleaned_data.get("remember", True)
        login(self.request, form.get_user(), remember=remember)
        if self.prefers_json():
            return JsonResponse(login_document(self.request))
        return HttpResponseRedirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the reason, if the visitor was logged in before."""
        reason = self.request.GET.get(REASON_FIELD)
        if reason not in REASONS:
            reason = get_jwt(self.request).reason
        more = {
            "title": _("Log in"),
            "reason": reason,
            "reason_message": REASONS.get(reason or ""),
            "signup_is_open": get_settings().signup_form is not None,
        }
        return super().get_context_data(**kwargs) | more


class LogoutView(TemplateFallbackMixin, NegotiatedView, auth_views.LogoutView):  # type: ignore[misc]
    """End the login, on the server and in the browser."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Log out; then as Django's view does."""
        logout(request)
        if self.prefers_json():
            return HttpResponse(status=NO_CONTENT)
        redirect_to = self.get_success_url()
        if redirect_to != request.get_full_path():
            return HttpResponseRedirect(redirect_to)
        return self.render_to_response(self.get_context_data(**kwargs))


class MeView(NegotiatedView):
    """Tell a program whose login this is."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the login document, or 401 with the reason."""
        get_jwt(request).confirm()
        if not has_login(request):
            return unauthorized(request)
        return JsonResponse(login_document(request))


class RefreshView(NegotiatedView):
    """Renew the token now, for a program that does not want to wait for half its life."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return the login document of the new token, or 401 with the reason."""
        jwt = get_jwt(request)
        jwt.confirm()
        if not has_login(request):
            return unauthorized(request)
        if not jwt.is_out_of_place:
            jwt.refresh()
        return JsonResponse(login_document(request))


class CsrfView(NegotiatedView):
    """Give a program what it has to send along, in the header ``X-CSRFToken``."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the token, and set its cookie."""
        return JsonResponse({"csrf_token": get_token(request)})


@never_cache
@vary_on_headers("Accept")
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a request to any view of the site, for ``CSRF_FAILURE_VIEW``.

    Programs can tell this 403 from others, and ask for the token; people see Django's own page.
    """
    return csrf_failed(reason) if prefers_json(request) else django_csrf_failure(request, reason)
