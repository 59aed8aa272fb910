"""What a form's fields tell the browser: where to begin, and what it may fill in by itself."""

from django import forms

PURPOSES = {"first_name": "given-name", "last_name": "family-name"}
"""Fields of Django's user model, as HTML names their purpose (WCAG 2.2, criterion 1.3.5)."""


def tell_purposes(form: forms.BaseForm) -> None:
    """Add ``autocomplete`` where a form made from a model has none."""
    for name, field in form.fields.items():
        is_address = isinstance(field, forms.EmailField)
        purpose = PURPOSES.get(name, "email" if is_address else None)
        if purpose:
            field.widget.attrs.setdefault("autocomplete", purpose)


def begin_with(form: forms.BaseForm, name: str) -> None:
    """Move ``autofocus`` to the field of that name; HTML allows it once in a page."""
    for field in form.fields.values():
        field.widget.attrs.pop("autofocus", None)
    form.fields[name].widget.attrs["autofocus"] = True


def begin_with_what_is_wrong(form: forms.BaseForm) -> None:
    """Move it to the first field that was refused, if it was a field that was."""
    wrong = next((field.name for field in form if field.errors and not field.is_hidden), None)
    if wrong is not None:
        begin_with(form, wrong)
