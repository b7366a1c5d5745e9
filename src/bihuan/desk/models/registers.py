"""Registers (台账): what exists. They stand in the real world only; drills and simulations read them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class RegisterRow(models.Model):
    """One entry: a station, a form. ``facts`` hold what its kind declares; nothing about a person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    world_id = models.SmallIntegerField(default=1)
    district = models.CharField(max_length=12)
    scene = models.CharField(max_length=32)
    kind = models.CharField(max_length=32)
    key = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=200, blank=True)
    unit = models.CharField(max_length=32)
    place = models.CharField(max_length=15, blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    facts = models.JSONField(default=dict)
    verified = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        db_table = "register_row"
        constraints = [
            models.UniqueConstraint(fields=["district", "scene", "kind", "key"], name="register_once"),
            models.CheckConstraint(condition=Q(world_id=1), name="register_real"),
        ]
        indexes = [models.Index(fields=["scene", "kind", "place"], name="register_by_place")]


class RegisterChange(models.Model):
    """What was changed, when, by which unit. Only ever added to."""

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField(default=1)
    register_id = models.UUIDField(db_index=True)
    version = models.IntegerField()
    at = models.DateTimeField()
    unit = models.CharField(max_length=32)
    what = models.CharField(max_length=16)
    body = models.TextField()

    class Meta:
        db_table = "register_change"
        constraints = [models.UniqueConstraint(fields=["register_id", "version"], name="register_change_once")]
