"""What came from elsewhere, and how far each file is dealt with. A world that is dropped takes its rows along."""

from django.db import migrations, models

APP = "bihuan_app"
FENCES = f"""
CREATE INDEX imported_by_case ON imported (case_id);
CREATE TRIGGER home BEFORE UPDATE ON imported FOR EACH ROW WHEN (OLD.world_id IS DISTINCT FROM NEW.world_id)
  EXECUTE FUNCTION forbid_move();
ALTER TABLE imported ADD CONSTRAINT imported_case FOREIGN KEY (case_id) REFERENCES case_row (id) ON DELETE CASCADE;
GRANT SELECT, INSERT ON imported TO {APP};
GRANT SELECT, INSERT, UPDATE ON import_run TO {APP};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP};
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0056_registers")]
    operations = [
        migrations.CreateModel(
            name="Imported",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("world_id", models.SmallIntegerField()),
                ("source", models.CharField(max_length=64)),
                ("source_id", models.CharField(max_length=120)),
                ("case_id", models.UUIDField()),
            ],
            options={
                "db_table": "imported",
                "constraints": [
                    models.UniqueConstraint(fields=("world_id", "source", "source_id"), name="imported_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportRun",
            fields=[
                ("key", models.CharField(max_length=120, primary_key=True, serialize=False)),
                ("source", models.CharField(max_length=64)),
                ("scene", models.CharField(max_length=32)),
                ("rows", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": "import_run"},
        ),
        migrations.RunSQL(FENCES, migrations.RunSQL.noop),
    ]
