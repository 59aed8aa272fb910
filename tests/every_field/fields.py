"""Fields as sites write them: with a say in what is read, what an instance has, or the SQL."""

import json

from django.db import models
from django.db.models.query_utils import DeferredAttribute


class WordsField(models.TextField):
    """A list of words, kept as a text: ``from_db_value`` as Django documents it."""

    def from_db_value(self, value, expression, connection):
        return self.to_python(value)

    def to_python(self, value):
        return value.split() if isinstance(value, str) else value

    def get_prep_value(self, value):
        return None if value is None else " ".join(value)

    def value_to_string(self, obj):
        return self.get_prep_value(self.value_from_object(obj))


class TwiceConvertedField(models.CharField):
    """Two converters, the second of which gets what the first returns."""

    def get_db_converters(self, connection):
        return [*super().get_db_converters(connection), self._reverse, self._embrace]

    def _reverse(self, value, expression, connection):
        return value and value[::-1]

    def _embrace(self, value, expression, connection):
        return value and f"<{value} of {expression.target.name} on {connection.alias}>"


class Shouting(DeferredAttribute):
    """Keeps a text in capitals."""

    def __set__(self, instance, value):
        vars(instance)[self.field.attname] = value and value.upper()


class LoudField(models.CharField):
    """A field with a descriptor of its own."""

    descriptor_class = Shouting


class MaskedField(models.CharField):
    """A field that adds a parameter to each query."""

    def select_format(self, compiler, sql, params):
        return f"COALESCE({sql}, %s)", [*params, "100%"]


class KeepingEncoder(json.JSONEncoder):
    """Writes a set as an object that tells what it was."""

    def default(self, o):
        return {"set": sorted(o)}


class KeepingDecoder(json.JSONDecoder):
    """Reads it again."""

    def __init__(self, **options):
        super().__init__(object_hook=self._read, **options)

    def _read(self, value):
        return set(value["set"]) if value.keys() == {"set"} else value
