"""Instances of models as ``Model.from_db()`` makes them, at a fraction of what it costs.

``from_db()`` goes through ``__init__``, two signals, and the descriptor of each field, so that a
model can have a say. Few have one. Where nobody has, what it leaves behind is the row in the
instance's ``__dict__``, which can be put there at once; everywhere else it is called.
"""

from collections.abc import Sequence
from inspect import getattr_static
from typing import Any

from django.db.models import Model
from django.db.models.base import ModelState
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init

SIMPLE_DESCRIPTORS = (DeferredAttribute, ForeignKeyDeferredAttribute)
"""Those that let the instance's ``__dict__`` have the value as it is."""


class Maker:
    """Makes instances of one model from values of always the same fields."""

    def __init__(self, model: type[Model], attnames: Sequence[str]) -> None:
        """``attnames`` in the order of the model's fields; all other fields are deferred."""
        self.model = model
        self._attnames = attnames
        self._is_plain = is_plain(model)

    def make(self, using: str, values: Sequence[Any]) -> Model:
        """Return what ``Model.from_db()`` returns for these arguments."""
        if not self._is_plain or is_watched(self.model):
            # Lists of its own: what an override does to them must not reach the next instance.
            return self.model.from_db(using, list(self._attnames), list(values))
        instance = object.__new__(self.model)
        attributes = vars(instance)
        state = attributes["_state"] = ModelState()
        state.adding, state.db = False, using
        attributes.update(zip(self._attnames, values, strict=True))
        return instance


def is_plain(model: type[Model]) -> bool:
    """Tell whether neither ``model`` nor one of its fields has a say in what an instance gets."""
    names = ("__init__", "__new__", "__setattr__", "from_db")
    if any(getattr_static(model, name) is not getattr_static(Model, name) for name in names):
        return False
    # What creating an instance calls besides: a metaclass, and a mixin that stands behind Model.
    if type(model).__call__ is not type.__call__ or _init_after_model(model) is not object.__init__:
        return False
    attributes = (getattr_static(model, each.attname) for each in model._meta.concrete_fields)
    return all(type(attribute) in SIMPLE_DESCRIPTORS for attribute in attributes)


def _init_after_model(model: type[Model]) -> Any:
    return getattr(super(Model, model), "__init__")  # noqa: B009 - mypy takes it for an instance's


def is_watched(model: type[Model]) -> bool:
    """Tell whether somebody wants to know of each instance that is made."""
    if not (pre_init.receivers or post_init.receivers):
        return False  # As on most sites, for all of their models.
    return pre_init.has_listeners(model) or post_init.has_listeners(model)
