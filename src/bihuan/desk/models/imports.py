"""What came from elsewhere: which id of which source is which case, and how far each file is dealt with."""

from __future__ import annotations

from django.db import models


class Imported(models.Model):
    id = models.BigAutoField(primary_key=True)
    world_id = models.SmallIntegerField()
    source = models.CharField(max_length=64)
    source_id = models.CharField(max_length=120)
    case_id = models.UUIDField()

    class Meta:
        db_table = "imported"
        constraints = [models.UniqueConstraint(fields=["world_id", "source", "source_id"], name="imported_once")]


class ImportRun(models.Model):
    key = models.CharField(max_length=120, primary_key=True)
    source = models.CharField(max_length=64)
    scene = models.CharField(max_length=32)
    rows = models.BigIntegerField()
    is_done = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField()

    class Meta:
        db_table = "import_run"


class ImportRejected(models.Model):
    """A row that was not taken, and why; never what stood in it."""

    id = models.BigAutoField(primary_key=True)
    run = models.CharField(max_length=120)
    row = models.BigIntegerField()
    code = models.CharField(max_length=40)
    field = models.CharField(max_length=16)

    class Meta:
        db_table = "import_rejected"
        constraints = [models.UniqueConstraint(fields=["run", "row"], name="import_rejected_once")]
