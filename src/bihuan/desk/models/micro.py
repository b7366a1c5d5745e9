"""Micro-scenes: what a community declares in a page. Like rulebooks they belong to no world."""

from __future__ import annotations

from django.db import models


class MicroScene(models.Model):
    """A micro-scene as it is being written. ``turn`` counts what was saved; ``published``: its newest version."""

    id = models.AutoField(primary_key=True)
    district = models.CharField(max_length=12)
    key = models.CharField(max_length=24)
    unit = models.CharField(max_length=32)
    body = models.TextField()
    turn = models.IntegerField(default=1)
    published = models.IntegerField(default=0)
    changed = models.DateTimeField()
    changed_by = models.CharField(max_length=64)
    retired = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=64, blank=True)
    retired_why = models.TextField(blank=True)

    class Meta:
        db_table = "micro_scene"
        constraints = [models.UniqueConstraint(fields=["district", "key"], name="micro_scene_once")]


class MicroVersion(models.Model):
    """What was published, when, by whom and why. Only ever added to."""

    id = models.AutoField(primary_key=True)
    district = models.CharField(max_length=12)
    key = models.CharField(max_length=24)
    number = models.IntegerField()
    body = models.TextField()
    reason = models.TextField()
    unit = models.CharField(max_length=32)
    by = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "micro_version"
        constraints = [models.UniqueConstraint(fields=["district", "key", "number"], name="micro_version_once")]
