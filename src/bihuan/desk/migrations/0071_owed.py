"""What a unit owes, by the date that is promised: the order of its board and of its queue."""

from django.db import migrations

FORWARD = """
CREATE INDEX case_owed ON case_row (world_id, desk, due) WHERE stage IN ('registered', 'accepted');
CREATE INDEX task_owed ON task_row (world_id, unit, due) WHERE is_open;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0070_micro_scenes")]
    operations = [migrations.RunSQL(FORWARD, "DROP INDEX case_owed, task_owed;")]
