"""Micro-scenes that communities declare, and every version that they published."""

from django.db import migrations, models

APP = "bihuan_app"
FENCES = f"""
CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON micro_version FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER whole BEFORE TRUNCATE ON micro_version FOR EACH STATEMENT EXECUTE FUNCTION forbid_truncate();
GRANT SELECT, INSERT ON micro_version TO {APP};
GRANT SELECT, INSERT, UPDATE ON micro_scene TO {APP};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP};
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0068_notices")]
    operations = [
        migrations.CreateModel(
            name="MicroScene",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("district", models.CharField(max_length=12)),
                ("key", models.CharField(max_length=24)),
                ("unit", models.CharField(max_length=32)),
                ("body", models.TextField()),
                ("turn", models.IntegerField(default=1)),
                ("published", models.IntegerField(default=0)),
                ("changed", models.DateTimeField()),
                ("changed_by", models.CharField(max_length=64)),
                ("retired", models.DateTimeField(null=True)),
                ("retired_by", models.CharField(blank=True, max_length=64)),
                ("retired_why", models.TextField(blank=True)),
            ],
            options={
                "db_table": "micro_scene",
                "constraints": [models.UniqueConstraint(fields=("district", "key"), name="micro_scene_once")],
            },
        ),
        migrations.CreateModel(
            name="MicroVersion",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("district", models.CharField(max_length=12)),
                ("key", models.CharField(max_length=24)),
                ("number", models.IntegerField()),
                ("body", models.TextField()),
                ("reason", models.TextField()),
                ("unit", models.CharField(max_length=32)),
                ("by", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "micro_version",
                "constraints": [
                    models.UniqueConstraint(fields=("district", "key", "number"), name="micro_version_once")
                ],
            },
        ),
        migrations.RunSQL(FENCES, migrations.RunSQL.noop),
    ]
