"""Signals: what was observed, as it came. They are only ever added to; what was not taken is counted."""

from django.db import migrations

TABLES = """
CREATE TABLE signal (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  source varchar(120) NOT NULL,
  sensor varchar(80) NOT NULL,
  kind varchar(32) NOT NULL,
  happened timestamptz NOT NULL,
  arrived timestamptz NOT NULL,
  value double precision,
  unit varchar(16) NOT NULL,
  place varchar(15) NOT NULL,
  lon double precision,
  lat double precision
);
CREATE UNIQUE INDEX signal_once ON signal (source, sensor, kind, happened);
CREATE INDEX signal_arrived ON signal USING brin (arrived);
COMMENT ON COLUMN signal.value IS 'NULL: the sensor spoke and had no number.';
CREATE TABLE signal_count (
  world_id smallint NOT NULL CHECK (world_id = 1),
  source varchar(120) NOT NULL,
  day date NOT NULL,
  taken bigint NOT NULL,
  duplicates bigint NOT NULL,
  contradictions bigint NOT NULL,
  late bigint NOT NULL,
  ahead bigint NOT NULL,
  refused bigint NOT NULL,
  PRIMARY KEY (source, day)
);
CREATE TRIGGER signal_fixed BEFORE UPDATE ON signal FOR EACH ROW EXECUTE FUNCTION forbid_change();
GRANT SELECT, INSERT ON signal TO bihuan_app;
GRANT SELECT, INSERT, UPDATE ON signal_count TO bihuan_app;
"""
BACK = "DROP TABLE signal_count, signal;"


class Migration(migrations.Migration):
    dependencies = [("desk", "0072_roster")]
    operations = [migrations.RunSQL(TABLES, BACK)]
