"""What the lists of the pages ask for: cases by category, open requests, overdue cases, each in order of their ids."""

from django.db import migrations

INDEXES = """
CREATE INDEX case_by_category ON case_row (world_id, category, id DESC);
CREATE INDEX case_asked ON case_row (world_id, id DESC) WHERE position('"is_open":true' in state) > 0 AND is_open;
CREATE INDEX case_late ON case_row (world_id, id DESC) WHERE is_open AND is_overdue;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0020_worlds_and_feed")]
    operations = [migrations.RunSQL(INDEXES, "DROP INDEX case_by_category, case_asked, case_late")]
