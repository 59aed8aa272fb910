"""User models with a field of every kind, and what they point to."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F
from django.db.models.functions import Now

from .fields import (
    KeepingDecoder,
    KeepingEncoder,
    LoudField,
    MaskedField,
    TwiceConvertedField,
    WordsField,
)


class Place(models.Model):
    """What users point to, by an UUID or by a name."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=50, unique=True)

    def __str__(self):
        return self.name


class EveryField(AbstractBaseUser):
    """What Django itself ships, each nullable where it can be."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100, unique=True)
    is_active = models.BooleanField(default=True)

    big = models.BigIntegerField(null=True)
    binary = models.BinaryField(null=True)
    truth = models.BooleanField(null=True)
    char = models.CharField(max_length=100, null=True, db_column="a column, by another name")  # noqa: DJ001
    date = models.DateField(null=True)
    datetime = models.DateTimeField(null=True)
    amount = models.DecimalField(max_digits=15, decimal_places=4, null=True)
    duration = models.DurationField(null=True)
    email = models.EmailField(null=True)  # noqa: DJ001
    path = models.FilePathField(null=True)  # noqa: DJ001
    ratio = models.FloatField(null=True)
    address = models.GenericIPAddressField(null=True)
    number = models.IntegerField(null=True)
    document = models.JSONField(null=True)
    kept = models.JSONField(null=True, encoder=KeepingEncoder, decoder=KeepingDecoder)
    positive_big = models.PositiveBigIntegerField(null=True)
    positive = models.PositiveIntegerField(null=True)
    positive_small = models.PositiveSmallIntegerField(null=True)
    slug = models.SlugField(null=True)  # noqa: DJ001
    small = models.SmallIntegerField(null=True)
    text = models.TextField(null=True)  # noqa: DJ001
    time = models.TimeField(null=True)
    url = models.URLField(null=True)  # noqa: DJ001
    uuid = models.UUIDField(null=True)

    by_database = models.IntegerField(db_default=7)
    by_function = models.DateTimeField(db_default=Now())
    next_number = models.GeneratedField(
        expression=F("number") + 1, output_field=models.BigIntegerField(), db_persist=True
    )
    same_amount = models.GeneratedField(
        expression=F("amount"),  # type: ignore[arg-type]
        output_field=models.DecimalField(max_digits=15, decimal_places=4),
        db_persist=True,
    )
    same_date = models.GeneratedField(
        expression=F("date"),  # type: ignore[arg-type]
        output_field=models.DateField(),
        db_persist=True,
    )
    home = models.ForeignKey(Place, models.CASCADE, null=True, related_name="%(class)s_at_home")
    work = models.ForeignKey(
        Place, models.CASCADE, null=True, to_field="name", related_name="%(class)s_at_work"
    )
    friend = models.OneToOneField("self", models.CASCADE, null=True, related_name="friend_of")
    seen = models.ManyToManyField(Place)

    words = WordsField(null=True)
    twice = TwiceConvertedField(max_length=100, null=True)

    USERNAME_FIELD = "name"

    objects = BaseUserManager()

    class Meta:
        abstract = True

    def __str__(self):
        return self.name


class User(EveryField):
    """All fields of which have an instance's ``__dict__`` hold the value as it is."""


class Described(EveryField):
    """With fields that have a say in what an instance gets, or in the SQL."""

    file = models.FileField(null=True)
    loud = LoudField(max_length=100, null=True)


class Masked(EveryField):
    """With a field that adds a parameter to each query."""

    masked = MaskedField(max_length=100, null=True)


class Member(User):
    """With a table of its own beside that of its parent."""

    number_of_member = models.IntegerField(null=True)


class Alias(User):
    """The same table by another class."""

    class Meta:
        proxy = True
