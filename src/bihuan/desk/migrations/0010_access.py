"""What access rules ask a row for, the reads that may not be told, and the fences of break-glass."""

from django.db import migrations, models

# Defaults stand in the database, so that the write path may leave the columns out until it knows better.
COLUMNS = """
ALTER TABLE case_row ADD COLUMN verifier varchar(32) NOT NULL DEFAULT '';
ALTER TABLE case_row ADD COLUMN named jsonb NOT NULL DEFAULT '[]';
ALTER TABLE access_log ADD COLUMN withheld varchar(120) NOT NULL DEFAULT '';
CREATE INDEX case_by_verifier ON case_row (world_id, verifier, id DESC) WHERE verifier <> '' AND is_open;
CREATE INDEX access_log_refused ON access_log (world_id, id) WHERE outcome = 'refused';
"""
DROP_COLUMNS = """
DROP INDEX access_log_refused, case_by_verifier;
ALTER TABLE access_log DROP COLUMN withheld;
ALTER TABLE case_row DROP COLUMN named, DROP COLUMN verifier;
"""

GLASS = """
ALTER TABLE break_glass
  ADD CONSTRAINT glass_two_people CHECK (second IS NULL OR second <> person),
  ADD CONSTRAINT glass_reviewed_by_another CHECK (reviewer IS NULL OR reviewer <> person),
  ADD CONSTRAINT glass_granted_whole CHECK ((second IS NULL) = (granted IS NULL) AND (granted IS NULL) = (expires IS NULL)),
  ADD CONSTRAINT glass_eight_hours CHECK (expires <= granted + interval '8 hours');
CREATE INDEX glass_open ON break_glass (person, expires) WHERE granted IS NOT NULL;
CREATE INDEX glass_to_review ON break_glass (world_id, granted) WHERE granted IS NOT NULL AND reviewed IS NULL;
CREATE INDEX post_by_person ON post (person_id, unit_id);
"""
DROP_GLASS = """
DROP INDEX post_by_person, glass_to_review, glass_open;
ALTER TABLE break_glass DROP CONSTRAINT glass_eight_hours, DROP CONSTRAINT glass_granted_whole,
  DROP CONSTRAINT glass_reviewed_by_another, DROP CONSTRAINT glass_two_people;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0002_fences")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(COLUMNS, DROP_COLUMNS)],
            state_operations=[
                migrations.AddField("caserow", "verifier", models.CharField(max_length=32, blank=True)),
                migrations.AddField("caserow", "named", models.JSONField(default=list)),
                migrations.AddField("accesslog", "withheld", models.CharField(max_length=120, blank=True)),
            ],
        ),
        migrations.RunSQL(GLASS, DROP_GLASS),
    ]
