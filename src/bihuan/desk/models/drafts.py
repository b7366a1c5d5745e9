"""Rulebooks that officers are changing in a page, and why each version came about."""

from __future__ import annotations

from django.db import models


class RulebookDraft(models.Model):
    """The tables of a scene as they are being changed; empty when nobody is. ``base``: the version it began from."""

    id = models.AutoField(primary_key=True)
    district = models.CharField(max_length=12)
    scene = models.CharField(max_length=32)
    base = models.IntegerField()
    body = models.TextField(blank=True)
    turn = models.IntegerField(default=1)
    changed = models.DateTimeField()
    changed_by = models.CharField(max_length=64)

    class Meta:
        db_table = "rulebook_draft"
        constraints = [models.UniqueConstraint(fields=["district", "scene"], name="rulebook_draft_once")]


class RulebookReason(models.Model):
    """Who published a version in a page, acting for which unit, and why. Only ever added to."""

    id = models.AutoField(primary_key=True)
    rulebook = models.IntegerField(unique=True)
    reason = models.TextField()
    unit = models.CharField(max_length=32)
    by = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "rulebook_reason"
