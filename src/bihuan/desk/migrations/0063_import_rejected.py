"""Rows that an import did not take stand beside its progress: a kill between the two loses no reason."""

from django.db import migrations, models

FENCES = """
GRANT SELECT, INSERT, DELETE ON import_rejected TO bihuan_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO bihuan_app;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0062_photos_and_glass")]
    operations = [
        migrations.AddField("importrun", "is_done", models.BooleanField(default=False, db_default=False)),
        migrations.CreateModel(
            name="ImportRejected",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("run", models.CharField(max_length=120)),
                ("row", models.BigIntegerField()),
                ("code", models.CharField(max_length=40)),
                ("field", models.CharField(max_length=16)),
            ],
            options={
                "db_table": "import_rejected",
                "constraints": [models.UniqueConstraint(fields=("run", "row"), name="import_rejected_once")],
            },
        ),
        migrations.RunSQL(FENCES, migrations.RunSQL.noop),
    ]
