"""Warnings: rules by date, what is open and was, its history, what mutes it, and whether it came true."""

from django.db import migrations

TABLES = """
ALTER TABLE finding ADD COLUMN tx xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX finding_order ON finding (tx, id);
CREATE TABLE warning_rules (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  starts date NOT NULL,
  basis varchar(200) NOT NULL,
  body jsonb NOT NULL,
  imported timestamptz NOT NULL,
  imported_by varchar(64) NOT NULL
);
CREATE INDEX warning_rules_in_force ON warning_rules (starts DESC, id DESC);
CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON warning_rules FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TABLE warning (
  id uuid PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  grouped varchar(40) NOT NULL,
  place varchar(15) NOT NULL,
  state varchar(9) NOT NULL CHECK (state IN ('proposed', 'issued', 'requested', 'relayed', 'over', 'dismissed')),
  level varchar(3) NOT NULL,
  body jsonb NOT NULL,
  course jsonb NOT NULL,
  began timestamptz NOT NULL,
  issued timestamptz,
  until timestamptz NOT NULL,
  ended timestamptz,
  next timestamptz,
  lon double precision,
  lat double precision,
  case_id uuid,
  plan varchar(40) NOT NULL DEFAULT '',
  announced timestamptz,
  verdict varchar(5) NOT NULL DEFAULT '' CHECK (verdict IN ('', 'true', 'false')),
  happened timestamptz,
  version integer NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX warning_open ON warning (district, grouped, place) WHERE ended IS NULL;
CREATE INDEX warning_next ON warning (next) WHERE ended IS NULL AND next IS NOT NULL;
CREATE INDEX warning_identifier ON warning ((body->>'identifier')) WHERE body ? 'identifier';
CREATE INDEX warning_began ON warning (began DESC);
COMMENT ON COLUMN warning.body IS 'What art. 64 asks for: hazard, caution, measures, audience, issuer, places; and its name.';
COMMENT ON COLUMN warning.course IS 'The findings that hold it up, with their levels.';
COMMENT ON COLUMN warning.happened IS 'When what it warned of began: for the lead time.';
CREATE TABLE warning_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  warning_id uuid NOT NULL,
  at timestamptz NOT NULL,
  recorded timestamptz NOT NULL,
  what varchar(12) NOT NULL,
  state varchar(9) NOT NULL,
  level varchar(3) NOT NULL,
  said_by varchar(64) NOT NULL,
  reason varchar(500) NOT NULL,
  rules bigint NOT NULL
);
CREATE INDEX warning_event_of ON warning_event (warning_id, id);
CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON warning_event FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TABLE warning_silence (
  id uuid PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  grouped varchar(40) NOT NULL,
  place varchar(15) NOT NULL,
  starts timestamptz NOT NULL,
  ends timestamptz NOT NULL CHECK (ends > starts),
  weekdays varchar(7) NOT NULL DEFAULT '',
  from_hour smallint NOT NULL DEFAULT 0 CHECK (from_hour BETWEEN 0 AND 24),
  to_hour smallint NOT NULL DEFAULT 24 CHECK (to_hour BETWEEN 0 AND 24),
  reason varchar(300) NOT NULL,
  person varchar(64) NOT NULL,
  created timestamptz NOT NULL,
  ended timestamptz
);
COMMENT ON COLUMN warning_silence.weekdays IS 'Digits 1 (Monday) to 7: a calendar, each week between the hours; empty: all the time.';
CREATE TABLE warning_missed (
  id uuid PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  grouped varchar(40) NOT NULL,
  place varchar(15) NOT NULL,
  happened timestamptz NOT NULL,
  reason varchar(500) NOT NULL,
  person varchar(64) NOT NULL,
  created timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON warning, warning_silence TO bihuan_app;
GRANT SELECT, INSERT ON warning_rules, warning_event, warning_missed TO bihuan_app;
"""
BACK = "DROP TABLE warning_missed, warning_silence, warning_event, warning, warning_rules; ALTER TABLE finding DROP COLUMN tx;"


class Migration(migrations.Migration):
    dependencies = [("desk", "0122_things")]
    operations = [migrations.RunSQL(TABLES, BACK)]
