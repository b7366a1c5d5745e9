"""Worlds, units, people in posts, and what they may do."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class World(models.Model):
    """A world for ever apart: the real one (id 1), a drill or a simulation, with its own clock and numbers."""

    id = models.SmallAutoField(primary_key=True)
    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=16, choices=[(k, k) for k in ("real", "drill", "simulation")])
    district = models.CharField(max_length=12)
    virtual_now = models.DateTimeField(null=True)
    next_number = models.BigIntegerField(default=1)
    created = models.DateTimeField()
    dropped = models.DateTimeField(null=True)
    drop_record = models.JSONField(null=True)

    class Meta:
        db_table = "world"


class Unit(models.Model):
    """A unit (district, street, community, grid, department, partner). ``path`` is ``/a/b/code/`` for subtrees."""

    code = models.CharField(max_length=32, primary_key=True)
    district = models.CharField(max_length=12)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=16)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="below")
    path = models.CharField(max_length=400, db_index=True)
    place = models.CharField(max_length=15, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    starts = models.DateField(null=True)
    ends = models.DateField(null=True)

    class Meta:
        db_table = "unit"


class Person(models.Model):
    """An opaque person. Staff have a working name; a resident's name and telephone are in the vault only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "person"


class Post(models.Model):
    """A person in a unit with a role, from a day to a day."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="posts")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=24)
    starts = models.DateField()
    ends = models.DateField(null=True)

    class Meta:
        db_table = "post"
        constraints = [models.UniqueConstraint(fields=["person", "unit", "role", "starts"], name="post_once")]


class Token(models.Model):
    """An API token: only its SHA-256 is kept. ``scopes`` are words such as ``report read work verify``."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    post = models.ForeignKey(Post, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    scopes = models.CharField(max_length=200)
    created = models.DateTimeField()
    expires = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        db_table = "token"


class Setting(models.Model):
    """A counter or mark of the desk itself, such as the version of the rulebooks."""

    key = models.CharField(max_length=64, primary_key=True)
    value = models.TextField()

    class Meta:
        db_table = "setting"
