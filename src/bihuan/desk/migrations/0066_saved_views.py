"""Views of the inbox under a name."""

from django.db import migrations

TABLE = """
CREATE TABLE saved_view (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  district varchar(12) NOT NULL, person uuid NOT NULL, unit varchar(32) NOT NULL,
  name varchar(40) NOT NULL, query text NOT NULL,
  UNIQUE (person, name)
);
CREATE INDEX saved_view_unit ON saved_view (unit) WHERE unit <> '';
GRANT SELECT, INSERT, UPDATE, DELETE ON saved_view TO bihuan_app;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0065_search")]
    operations = [migrations.RunSQL(TABLE, "DROP TABLE saved_view;")]
