"""Find old answers and sent messages by their time: block ranges, which cost next to nothing when rows come in."""

from django.db import migrations

FORWARD = """
CREATE INDEX answer_created ON answer USING brin (created);
CREATE INDEX outbox_created ON outbox USING brin (created);
"""
BACK = "DROP INDEX answer_created; DROP INDEX outbox_created;"


class Migration(migrations.Migration):
    dependencies = [("desk", "0040_lists")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
