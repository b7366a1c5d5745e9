"""Cases: the row, its tasks, its history, and what was promised to whoever asked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class CaseRow(models.Model):
    """One case. ``state`` is the whole folded value as JSON; the other columns are what lists and the ticker ask."""

    id = models.UUIDField(primary_key=True)
    world_id = models.SmallIntegerField()
    district = models.CharField(max_length=12)
    number = models.BigIntegerField()
    scene = models.CharField(max_length=32)
    book = models.CharField(max_length=32)
    category = models.CharField(max_length=32)
    place = models.CharField(max_length=15)
    seal = models.SmallIntegerField()
    stage = models.CharField(max_length=12)
    is_open = models.BooleanField()
    desk = models.CharField(max_length=32)
    lead = models.CharField(max_length=32)
    reporter = models.UUIDField(null=True)
    barred = models.JSONField(default=list)
    verifier = models.CharField(max_length=32, blank=True)
    named = models.JSONField(default=list)
    merged_into = models.UUIDField(null=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    opened = models.DateTimeField()
    changed = models.DateTimeField()
    due = models.DateTimeField(null=True)
    next_due = models.DateTimeField(null=True)
    is_overdue = models.BooleanField(default=False)
    is_disputed = models.BooleanField(default=False)
    version = models.IntegerField()
    state = models.TextField()

    class Meta:
        db_table = "case_row"
        constraints = [models.UniqueConstraint(fields=["world_id", "number"], name="case_number_once")]
        indexes = [
            models.Index(fields=["world_id", "next_due"], name="case_ticker", condition=Q(next_due__isnull=False)),
            models.Index(fields=["world_id", "lead", "stage", "-id"], name="case_by_lead"),
            models.Index(fields=["world_id", "desk", "stage", "-id"], name="case_by_desk"),
            models.Index(fields=["world_id", "place", "is_open", "-id"], name="case_by_place_open"),
        ]


class TaskRow(models.Model):
    """One task of a case, for the lists of assisting units and volunteers; derived from the state at every write."""

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    district = models.CharField(max_length=12)
    case = models.ForeignKey(CaseRow, on_delete=models.CASCADE, db_constraint=False)
    task = models.IntegerField()
    unit = models.CharField(max_length=32)
    role = models.CharField(max_length=8)
    status = models.CharField(max_length=10)
    is_open = models.BooleanField()
    due = models.DateTimeField(null=True)

    class Meta:
        db_table = "task_row"
        constraints = [models.UniqueConstraint(fields=["case", "task"], name="task_once")]
        indexes = [models.Index(fields=["world_id", "unit", "is_open", "-case"], name="task_by_unit")]


class EventRow(models.Model):
    """One event: ``body`` is the exact text that was hashed. Append-only by trigger and by grant."""

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    district = models.CharField(max_length=12)
    case_id = models.UUIDField()
    number = models.IntegerField()
    kind = models.CharField(max_length=24)
    body = models.TextField()

    class Meta:
        db_table = "event"
        constraints = [models.UniqueConstraint(fields=["case_id", "number"], name="event_once")]


class Receipt(models.Model):
    """The SHA-256 of a receipt's code, and the case that it was given for."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    world_id = models.SmallIntegerField()
    case_id = models.UUIDField()

    class Meta:
        db_table = "receipt"


class Answer(models.Model):
    """The answer that a door gave under an idempotency key; the same key gets the same answer."""

    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    who = models.CharField(max_length=80)
    key = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=32)
    status = models.SmallIntegerField()
    body = models.TextField()
    created = models.DateTimeField()

    class Meta:
        db_table = "answer"
        constraints = [models.UniqueConstraint(fields=["world_id", "who", "key"], name="answer_once")]
