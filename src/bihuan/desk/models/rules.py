"""Rulebooks and the calendar that officers edit."""

from __future__ import annotations

from django.db import models


class RulebookRow(models.Model):
    """A version of a scene's rulebook, in force from a date until the next version's."""

    id = models.AutoField(primary_key=True)
    district = models.CharField(max_length=12)
    scene = models.CharField(max_length=32)
    version = models.CharField(max_length=32)
    effective = models.DateField()
    basis = models.TextField()
    body = models.TextField()
    imported_by = models.CharField(max_length=64)
    imported = models.DateTimeField()

    class Meta:
        db_table = "rulebook"
        constraints = [models.UniqueConstraint(fields=["district", "scene", "version"], name="rulebook_once")]


class CalendarDay(models.Model):
    """A day that an officer set: working or resting, with its basis."""

    country = models.CharField(max_length=2)
    day = models.DateField()
    is_working = models.BooleanField()
    note = models.CharField(max_length=80, blank=True)
    basis = models.CharField(max_length=200)
    set_by = models.CharField(max_length=64)

    class Meta:
        db_table = "calendar_day"
        constraints = [models.UniqueConstraint(fields=["country", "day"], name="calendar_day_once")]


class CalendarYear(models.Model):
    """A year whose calendar the country has published, beyond those that the product knows."""

    country = models.CharField(max_length=2)
    year = models.SmallIntegerField()
    basis = models.CharField(max_length=200)
    published = models.DateField()

    class Meta:
        db_table = "calendar_year"
        constraints = [models.UniqueConstraint(fields=["country", "year"], name="calendar_year_once")]
