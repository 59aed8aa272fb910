"""One URL for people and programs: the same view, the same form, HTML or JSON."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, TemplateView, View
from django.views.generic.edit import FormView

from ..forms import begin_with_what_is_wrong
from ..responses import JSON, error, prefers_json, unsupported_media_type
from .protection import PROTECTION

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class BodyRefused(Exception):
    """A body that no form can make sense of; carries the answer."""

    def __init__(self, response: JsonResponse) -> None:
        super().__init__(response.status_code)
        self.response = response


class NegotiatedView(View):
    """Answers programs in JSON, and people with whatever the view beside it does.

    Open to everybody, even with ``LoginRequiredMiddleware``: a view that needs a login asks for it
    itself, in the language of the client.
    """

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        """Return the view, protected whatever a subclass does in its ``dispatch``."""
        view: Callable[..., HttpResponseBase] = super().as_view(**initkwargs)
        for decorate in PROTECTION:
            view = decorate(view)
        return view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Serve the request; the answer depends on what the client prefers."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except BodyRefused as refused:
            return refused.response

    def prefers_json(self) -> bool:
        """Tell whether a program asks."""
        return prefers_json(self.request)

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Answer 405 with the methods that are allowed."""
        response = super().http_method_not_allowed(request, *args, **kwargs)
        if not self.prefers_json():
            return response
        allow = response.headers["Allow"]
        detail = _("This address takes: %(methods)s.") % {"methods": allow}
        refusal = error("method_not_allowed", HTTPStatus.METHOD_NOT_ALLOWED, detail)
        refusal.headers["Allow"] = allow
        return refusal


class TemplateFallbackMixin(TemplateResponseMixin):
    """Takes the site's or the admin's template of Django's name, and this app's if there is none.

    The admin has pages about passwords of its own under these names. Were this app's there too, one
    of the two would get the other's.
    """

    def get_template_names(self) -> list[str]:
        """Return the names to look for, in this order."""
        names = super().get_template_names()
        return [*names, *(fallback(name) for name in names)]


def fallback(name: str) -> str:
    """Return where this app keeps the template that Django calls ``name``."""
    return name.replace("registration/", "django_jwt_cookie/")


class NegotiatedPageView(TemplateFallbackMixin, NegotiatedView, TemplateView):
    """A page that has nothing to say to a program but its title."""

    title: Any

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Return the page, or its title."""
        if self.prefers_json():
            return JsonResponse({"detail": str(self.title)})
        return super().render_to_response(context, **kwargs)


class NegotiatedFormView(TemplateFallbackMixin, NegotiatedView, FormView):  # type: ignore[type-arg]
    """A form: for people to fill in, for programs to be sent as a JSON object."""

    # Django's form views take PUT for POST. Nobody needs a second way to log in.
    http_method_names = ("get", "post", "head", "options")

    aliases: Mapping[str, str] = {}
    """Names that a program may use for a field, as they stand in the login document."""

    def _allowed_methods(self) -> list[str]:
        """Return what ``Allow`` says: for a program, a form can only be sent."""
        allowed: list[str] = super()._allowed_methods()  # type: ignore[misc]
        return [each for each in allowed if each not in ("GET", "HEAD") or not self.prefers_json()]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form; to a program, say that it is to be sent."""
        if self.prefers_json():
            return self.http_method_not_allowed(request)
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Fill the form from a body of JSON too."""
        kwargs = super().get_form_kwargs()
        if "data" not in kwargs:
            return kwargs
        if self.request.content_type == JSON:
            data = read_json_object(self.request)
            for alias, name in self.aliases.items():
                data.setdefault(name, data.get(alias))
            return kwargs | {"data": data}
        if self.request.content_type not in FORM_TYPES:
            raise BodyRefused(unsupported_media_type())
        return kwargs

    def get_form(self, form_class: Any = None) -> Any:
        """Return the form; one filled from JSON has values of the right types, or is refused."""
        form = super().get_form(form_class)
        if self.request.content_type == JSON and (errors := find_wrong_types(form)):
            raise BodyRefused(invalid(errors))
        return form

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form again; to a program, say which field is wrong and why."""
        if self.prefers_json():
            return invalid(form.errors.get_json_data())
        begin_with_what_is_wrong(form)
        return super().form_invalid(form)


def invalid(errors: dict[str, Any]) -> JsonResponse:
    """Return the 400 that names the wrong fields."""
    return error("invalid", HTTPStatus.BAD_REQUEST, _("Some values are not valid."), errors)


def read_json_object(request: HttpRequest) -> dict[str, Any]:
    r"""Return the object in the body, which is UTF-8 (RFC 8259, section 8.1).

    ``NaN`` and its like are no JSON (section 6). A lone surrogate, written ``"\ud800"``, is text
    that can't be encoded: the password hasher and the database would fail on it.
    Raises `BodyRefused`.
    """
    try:
        data = json.loads(request.body.decode(), parse_constant=_refuse_constant)
        json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError, UnreadablePostError):
        data = None
    if not isinstance(data, dict):
        detail = _("The body is not a JSON object.")
        raise BodyRefused(error("malformed_json", HTTPStatus.BAD_REQUEST, detail))
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def find_wrong_types(form: forms.BaseForm) -> dict[str, Any]:
    """Return an error for each field that was sent a value of a type that no browser form has."""
    message = {"message": str(_("This value has the wrong type.")), "code": "invalid_type"}
    return {
        name: [message]
        for name, field in form.fields.items()
        if not _fits(field, form.data.get(form.add_prefix(name)))
    }


def _fits(field: forms.Field, value: object) -> bool:
    """Tell whether ``value`` is what the widget of ``field`` gets from a browser, or the like."""
    if value is None:
        return True
    if getattr(field.widget, "allow_multiple_selected", False):
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if isinstance(field, forms.BooleanField):
        return isinstance(value, bool)
    if isinstance(field, forms.IntegerField):  # and FloatField and DecimalField
        return isinstance(value, str | int | float) and not isinstance(value, bool)
    return isinstance(value, str)
