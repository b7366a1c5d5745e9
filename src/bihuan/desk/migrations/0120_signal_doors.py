"""Who may send signals by MQTT and how many; rules of detectors by date; what was wrong, by source; a judge's state."""

from django.db import migrations

TABLES = """
CREATE TABLE signal_source (
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  source varchar(120) PRIMARY KEY,
  per_minute integer NOT NULL CHECK (per_minute > 0),
  sensor_per_minute integer NOT NULL CHECK (sensor_per_minute > 0),
  since timestamptz NOT NULL,
  ended timestamptz
);
COMMENT ON COLUMN signal_source.source IS 'Unit and name: also the levels below signals/ of its MQTT topics.';
CREATE TABLE signal_fault (
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  source varchar(120) NOT NULL,
  kind varchar(32) NOT NULL,
  day date NOT NULL,
  code varchar(24) NOT NULL,
  number bigint NOT NULL,
  PRIMARY KEY (source, kind, day, code)
);
COMMENT ON COLUMN signal_fault.source IS 'Empty: nobody whom we know.';
CREATE TABLE signal_rules (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  starts date NOT NULL,
  basis varchar(200) NOT NULL,
  body jsonb NOT NULL,
  imported timestamptz NOT NULL,
  imported_by varchar(64) NOT NULL
);
CREATE INDEX signal_rules_in_force ON signal_rules (starts DESC, id DESC);
CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON signal_rules FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TABLE signal_state (
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  part varchar(40) PRIMARY KEY,
  version bigint NOT NULL,
  body bytea NOT NULL,
  saved timestamptz NOT NULL
);
ALTER TABLE signal_count ADD COLUMN heard timestamptz;
GRANT SELECT, INSERT, UPDATE ON signal_source, signal_fault, signal_state TO bihuan_app;
GRANT SELECT, INSERT ON signal_rules TO bihuan_app;
"""
BACK = "ALTER TABLE signal_count DROP COLUMN heard; DROP TABLE signal_state, signal_rules, signal_fault, signal_source;"


class Migration(migrations.Migration):
    dependencies = [("desk", "0141_fusing")]
    operations = [migrations.RunSQL(TABLES, BACK)]
