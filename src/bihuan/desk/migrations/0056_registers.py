"""Registers: what exists, and every change of it."""

import uuid

from django.db import migrations, models

APP = "bihuan_app"
FENCES = f"""
CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON register_change FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER whole BEFORE TRUNCATE ON register_change FOR EACH STATEMENT EXECUTE FUNCTION forbid_truncate();
GRANT SELECT, INSERT ON register_change TO {APP};
GRANT SELECT, INSERT, UPDATE ON register_row TO {APP};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP};
"""


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0055_category_and_place"),
    ]

    operations = [
        migrations.CreateModel(
            name="RegisterChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("world_id", models.SmallIntegerField(default=1)),
                ("register_id", models.UUIDField(db_index=True)),
                ("version", models.IntegerField()),
                ("at", models.DateTimeField()),
                ("unit", models.CharField(max_length=32)),
                ("what", models.CharField(max_length=16)),
                ("body", models.TextField()),
            ],
            options={
                "db_table": "register_change",
                "constraints": [
                    models.UniqueConstraint(fields=("register_id", "version"), name="register_change_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="RegisterRow",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("world_id", models.SmallIntegerField(default=1)),
                ("district", models.CharField(max_length=12)),
                ("scene", models.CharField(max_length=32)),
                ("kind", models.CharField(max_length=32)),
                ("key", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=120)),
                ("name_en", models.CharField(blank=True, max_length=200)),
                ("unit", models.CharField(max_length=32)),
                ("place", models.CharField(blank=True, max_length=15)),
                ("lon", models.FloatField(null=True)),
                ("lat", models.FloatField(null=True)),
                ("facts", models.JSONField(default=dict)),
                ("verified", models.DateTimeField(null=True)),
                ("ended", models.DateTimeField(null=True)),
                ("version", models.IntegerField(default=1)),
            ],
            options={
                "db_table": "register_row",
                "indexes": [models.Index(fields=["scene", "kind", "place"], name="register_by_place")],
                "constraints": [
                    models.UniqueConstraint(fields=("district", "scene", "kind", "key"), name="register_once"),
                    models.CheckConstraint(condition=models.Q(("world_id", 1)), name="register_real"),
                ],
            },
        ),
        migrations.RunSQL(FENCES, migrations.RunSQL.noop),
    ]
