"""Rulebooks that are being changed in a page, and the reason of each version that was published there."""

from django.db import migrations, models

APP = "bihuan_app"
FENCES = f"""
CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON rulebook_reason FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER whole BEFORE TRUNCATE ON rulebook_reason FOR EACH STATEMENT EXECUTE FUNCTION forbid_truncate();
GRANT SELECT, INSERT ON rulebook_reason TO {APP};
GRANT SELECT, INSERT, UPDATE ON rulebook_draft TO {APP};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP};
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0080_signals")]
    operations = [
        migrations.CreateModel(
            name="RulebookDraft",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("district", models.CharField(max_length=12)),
                ("scene", models.CharField(max_length=32)),
                ("base", models.IntegerField()),
                ("body", models.TextField(blank=True)),
                ("turn", models.IntegerField(default=1)),
                ("changed", models.DateTimeField()),
                ("changed_by", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "rulebook_draft",
                "constraints": [models.UniqueConstraint(fields=("district", "scene"), name="rulebook_draft_once")],
            },
        ),
        migrations.CreateModel(
            name="RulebookReason",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("rulebook", models.IntegerField(unique=True)),
                ("reason", models.TextField()),
                ("unit", models.CharField(max_length=32)),
                ("by", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": "rulebook_reason"},
        ),
        migrations.RunSQL(FENCES, migrations.RunSQL.noop),
    ]
