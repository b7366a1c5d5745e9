"""Signals of sensors that were joined to a case as one more source of it, each undoable."""

from django.db import migrations

TABLE = """
CREATE TABLE case_source (
  id uuid PRIMARY KEY,
  world_id smallint NOT NULL,
  district varchar(12) NOT NULL,
  case_id uuid NOT NULL REFERENCES case_row (id) ON DELETE CASCADE,
  source varchar(64) NOT NULL,
  sensor varchar(64) NOT NULL,
  kind varchar(32) NOT NULL,
  happened timestamptz NOT NULL,
  value double precision,
  metres real NOT NULL,
  basis varchar(300) NOT NULL,
  attached timestamptz NOT NULL,
  detached timestamptz,
  detached_by uuid
);
CREATE UNIQUE INDEX case_source_once ON case_source (case_id, source, sensor, kind);
GRANT SELECT, INSERT, UPDATE ON case_source TO bihuan_app;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0140_equal")]
    operations = [migrations.RunSQL(TABLE, "DROP TABLE case_source;")]
