"""A list by category and place, in the order of ids, however many match either of them."""

from django.db import migrations

FORWARD = "CREATE INDEX case_by_category_place ON case_row (world_id, category, place, id DESC);"
BACK = "DROP INDEX case_by_category_place;"


class Migration(migrations.Migration):
    dependencies = [("desk", "0050_tidying")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
