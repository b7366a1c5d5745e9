"""What follows the write path: the feed, the ledger over it, readers, messages."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Pending(models.Model):
    """Events ``first`` to ``last`` of a case that the sequencer has not yet copied into the feed."""

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    case_id = models.UUIDField()
    first = models.IntegerField()
    last = models.IntegerField()

    class Meta:
        db_table = "pending"


class FeedRow(models.Model):
    """Position ``pos`` (from 0, without gaps) of the feed of one world, and the leaf hash of the event's text."""

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    pos = models.BigIntegerField()
    event_id = models.BigIntegerField(unique=True)
    leaf = models.BinaryField(max_length=32)

    class Meta:
        db_table = "feed"
        constraints = [models.UniqueConstraint(fields=["world_id", "pos"], name="feed_once")]


class Subtree(models.Model):
    """The root of a complete subtree of the ledger: level 8, 16 or 24, from index 0."""

    world_id = models.SmallIntegerField()
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        db_table = "subtree"
        constraints = [models.UniqueConstraint(fields=["world_id", "level", "index"], name="subtree_once")]


class Head(models.Model):
    """A signed tree head."""

    world_id = models.SmallIntegerField()
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "head"
        constraints = [models.UniqueConstraint(fields=["world_id", "size"], name="head_once")]


class Cursor(models.Model):
    """How far a reader of the feed has come: the next position it wants."""

    world_id = models.SmallIntegerField()
    name = models.CharField(max_length=64)
    pos = models.BigIntegerField(default=0)

    class Meta:
        db_table = "cursor"
        constraints = [models.UniqueConstraint(fields=["world_id", "name"], name="cursor_once")]


class Outbox(models.Model):
    """A message or order that exists once and is handed over at least once under its id."""

    id = models.UUIDField(primary_key=True)
    world_id = models.SmallIntegerField()
    district = models.CharField(max_length=12)
    case_id = models.UUIDField()
    kind = models.CharField(max_length=32)
    to = models.CharField(max_length=64)
    body = models.TextField()
    created = models.DateTimeField()
    next_try = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    sent = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "outbox"
        indexes = [models.Index(fields=["next_try"], name="outbox_unsent", condition=Q(sent__isnull=True))]
