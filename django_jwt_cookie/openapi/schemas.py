"""What programs send and get, as JSON Schema (2020-12): documents, refusals, and any form."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.validators import MaxLengthValidator

from .. import sessions
from ..conf import get_settings

Schema = dict[str, Any]

DEFAULT_SERIALIZER = "django_jwt_cookie.responses.serialize_user"
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""As Django's path converter takes it: in lower case."""

LOGIN_ID: Schema = {"type": "string", "format": "uuid", "pattern": f"^{UUID}$"}
EXAMPLE_ID = "9ea40b97-f20d-f322-68c3-404a6c5f9903"
EXAMPLE_TIMES = {
    "issued_at": 1795558266,
    "created_at": 1795558266,
    "expires_at": 1795558866,
    "last_seen_at": 1795558866,
}
EXAMPLE_END = 1798150266


def components() -> dict[str, Schema]:
    """Return the documents by their names, as this site is set up."""
    return {
        "User": user(),
        "LoginDocument": record(
            user=reference("User"),
            issued_at=seconds("issued_at"),
            expires_at=seconds("expires_at", "the token; the login goes on, and so brings another"),
            session=reference("LoginSession"),
        ),
        "NewMember": record(user=reference("User"), session={"type": "null"})
        | {"description": "An account that may not log in yet."},
        "LoginSession": record(
            id=LOGIN_ID | {"examples": [EXAMPLE_ID]},
            created_at=seconds("created_at"),
            expires_at=seconds("expires_at", "the login, if it is not used again", EXAMPLE_END),
            persistent=FLAG | {"description": "Whether it outlives the browser."},
        ),
        "ListedLogin": listed_login(),
        "LoginList": record(
            # Without records there is nothing to list.
            sessions={"type": "array", "items": reference("ListedLogin")}
            | ({} if sessions.are_recorded() else {"maxItems": 0}),
            next={"type": ["string", "null"], "description": "Where the next page is, if any."},
        ),
        "CsrfToken": record(csrf_token=TEXT),
        "Title": record(detail=TEXT),
        "KeySet": record(keys={"type": "array", "items": public_key()}),
    }


def user() -> Schema:
    """Return what the site's serializer makes of a user; of one of the site's own, an object."""
    if get_settings().user_serializer != DEFAULT_SERIALIZER:
        return {"type": "object"}
    name = get_user_model().USERNAME_FIELD
    return record(**{"id": TEXT | {"examples": ["1"]}, name: TEXT | {"examples": ["ada"]}})


def listed_login() -> Schema:
    """Return an entry of the list of logins."""
    return record(
        id=LOGIN_ID | {"examples": [EXAMPLE_ID]},
        created_at=seconds("created_at"),
        last_seen_at=seconds("last_seen_at"),
        expires_at=seconds("expires_at", "the login, if it is not used again", EXAMPLE_END),
        current=FLAG | {"description": "Whether it is the login that asks."},
        persistent=FLAG,
        device={"oneOf": [record(browser=TEXT, system=TEXT), {"type": "null"}]},
        user_agent=TEXT,
        ip_address={"type": ["string", "null"]},
    )


def public_key() -> Schema:
    """Return the public half of a key pair (RFC 7517); its members depend on its kind."""
    members = {"kty": TEXT, "kid": TEXT, "alg": TEXT, "use": {"const": "sig"}}
    return {"type": "object", "properties": members, "required": [*members]}


def refusal(codes: Iterable[str]) -> Schema:
    """Return the document of an error."""
    return record(code={"type": "string", "enum": [*codes]}, detail=TEXT)


def wrong_fields() -> Schema:
    """Return the document of a form that refuses values: what is wrong, by the field's name."""
    messages = {"type": "array", "items": record(message=TEXT, code=TEXT), "minItems": 1}
    return record(
        code={"type": "string", "enum": ["invalid"]},
        detail=TEXT,
        errors={"type": "object", "additionalProperties": messages},
    )


def body(form: type[forms.Form], aliases: Mapping[str, str]) -> Schema:
    """Return what a program may send to ``form``. What no field asks for is not looked at."""
    fields = form.base_fields
    schema: Schema = {
        "type": "object",
        "properties": {name: value(field) for name, field in fields.items()},
        "required": [name for name, field in fields.items() if field.required],
    }
    for alias, name in aliases.items():
        if alias != name:
            schema["properties"][alias] = schema["properties"][name]
            schema["required"].remove(name)
            schema["anyOf"] = [{"required": [alias]}, {"required": [name]}]
    return schema


def value(field: forms.Field) -> Schema:
    """Return what fits ``field``, as `mixins.find_wrong_types` has it, and ``null`` for nothing."""
    schema = _type_of(field)
    return schema if field.required else {"anyOf": [schema, {"type": "null"}]}


def _type_of(field: forms.Field) -> Schema:
    if getattr(field.widget, "allow_multiple_selected", False):
        return {"type": "array", "items": TEXT}
    if isinstance(field, forms.BooleanField):
        return FLAG
    if isinstance(field, forms.IntegerField):  # and FloatField and DecimalField
        return {"type": ["number", "string"]}
    return TEXT | _format_of(field)


def _format_of(field: forms.Field) -> Schema:
    schema: Schema = {"minLength": 1} if field.required else {}
    if isinstance(field, forms.EmailField) and field.required:  # Otherwise "" is none.
        return schema | {"format": "email"}
    if isinstance(field.widget, forms.PasswordInput):
        return schema | {"format": "password"}
    lengths = [
        each.limit_value for each in field.validators if isinstance(each, MaxLengthValidator)
    ]
    return schema | ({"maxLength": min(lengths)} if lengths else {})


def seconds(name: str, of: str = "", example: int | None = None) -> Schema:
    """Return a time: whole seconds, where JavaScript's ``Date`` counts milliseconds."""
    said = f"Unix time in seconds{f', of {of}' if of else ''}."
    return {
        "type": "integer",
        "description": said,
        "examples": [example or EXAMPLE_TIMES[name]],
    }


def record(**properties: Schema) -> Schema:
    """Return an object that has all of these members and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def one_of(schemas: list[Schema]) -> Schema:
    """Return what fits exactly one of ``schemas``."""
    return schemas[0] if len(schemas) == 1 else {"oneOf": schemas}


def reference(name: str, kind: str = "schemas") -> Schema:
    """Return what stands for a component of the document."""
    return {"$ref": f"#/components/{kind}/{name}"}
