"""The vault, who looked, and what was opened in need."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class VaultKey(models.Model):
    """The wrapped key of one person in one case (no person: the case's own notes). Erased: ``wrapped`` is null."""

    id = models.UUIDField(primary_key=True)
    world_id = models.SmallIntegerField()
    case_id = models.UUIDField(db_index=True)
    person = models.UUIDField(null=True)
    wrapped = models.BinaryField(null=True)
    erased = models.DateTimeField(null=True)

    class Meta:
        db_table = "vault_key"
        indexes = [models.Index(fields=["person"], name="vault_key_person", condition=Q(person__isnull=False))]


class VaultItem(models.Model):
    """Free text or personal data, encrypted with its salt under a ``VaultKey``."""

    id = models.UUIDField(primary_key=True)
    world_id = models.SmallIntegerField()
    case_id = models.UUIDField(db_index=True)
    key_id = models.UUIDField()
    kind = models.CharField(max_length=24)
    box = models.BinaryField()

    class Meta:
        db_table = "vault_item"


class AccessLog(models.Model):
    """Who looked at what, for what purpose; append-only. ``subject``: the person concerned, who may read it.

    ``withheld``: the law that forbids telling them; such a row is for oversight only.
    """

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    at = models.DateTimeField()
    person = models.CharField(max_length=64)
    unit = models.CharField(max_length=32)
    case_id = models.UUIDField(null=True, db_index=True)
    subject = models.UUIDField(null=True, db_index=True)
    what = models.CharField(max_length=40)
    purpose = models.CharField(max_length=200)
    outcome = models.CharField(max_length=16)
    withheld = models.CharField(max_length=120, blank=True)

    class Meta:
        db_table = "access_log"


class BreakGlass(models.Model):
    """An opening of a sealed case: a reason, a second person, an end, and a review within 24 hours.

    ``void``: asked about what was none of the asker's business, or was not there at all. Nobody is shown it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    world_id = models.SmallIntegerField()
    case_id = models.UUIDField()
    person = models.UUIDField()
    unit = models.CharField(max_length=32)
    reason = models.TextField()
    asked = models.DateTimeField()
    second = models.UUIDField(null=True)
    granted = models.DateTimeField(null=True)
    expires = models.DateTimeField(null=True)
    reviewed = models.DateTimeField(null=True)
    reviewer = models.UUIDField(null=True)
    review = models.TextField(blank=True)
    void = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "break_glass"
        indexes = (models.Index("person", "asked", name="glass_asked"),)


class Photo(models.Model):
    """A photograph that was kept. ``used``: a case has named it; the others go after two days."""

    ref = models.CharField(max_length=80, primary_key=True)
    kept = models.DateTimeField()
    used = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "photo"
        indexes = (models.Index(fields=["kept"], condition=models.Q(used=False), name="photo_unused"),)
