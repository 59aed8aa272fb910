"""Whether a response is one of those that the OpenAPI document promises."""

import re
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from django_jwt_cookie import openapi


def check(response: Any) -> None:
    """Fail for a response that the document does not have, to a request that it has."""
    request = response.wsgi_request
    document = openapi.document()
    promised = promise(document, request.path, request.method.lower(), response.status_code)
    assert promised is not None, f"{request.method} {request.path}: {response.status_code}"
    for header, described in promised.get("headers", {}).items():
        assert not described["required"] or header in response.headers
    content = promised.get("content", {})
    if not content:
        assert not response.content or response.headers["Content-Type"].startswith("text/html")
        return
    schema = content[response.headers["Content-Type"]]["schema"]
    error = best_match(validator(document, schema).iter_errors(response.json()))
    assert error is None, f"{request.method} {request.path}: {error}"


def promise(document: Any, path: str, method: str, status: int) -> Any:
    """Return what the document says of an answer, None if it does not have it.

    Of a method that an address does not take, what it says beside one that it takes.
    """
    items = [item for template, item in document["paths"].items() if fits(template, path)]
    (item,) = items[:1] if len(items) < 2 else [each for each in items if "parameters" not in each]
    operation = item.get(method) or next(each for key, each in item.items() if key != "parameters")
    promised = operation["responses"].get(str(status))
    if promised and "$ref" in promised:
        return document["components"]["responses"][promised["$ref"].rpartition("/")[2]]
    return promised


def fits(template: str, path: str) -> bool:
    """Tell whether ``template`` has ``path``."""
    return bool(re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path))


def validator(document: Any, schema: Any) -> Draft202012Validator:
    """Return what validates a value by a schema of the document."""
    whole = {"allOf": [schema], "components": document["components"]}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
