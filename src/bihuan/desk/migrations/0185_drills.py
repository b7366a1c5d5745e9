"""Drills: what is planned, runs and was, in the real world; the lines of each drill in the world of that drill."""

from django.db import migrations

TABLES = """
CREATE TABLE drill (
  id uuid PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  plan varchar(48) NOT NULL,
  title varchar(120) NOT NULL,
  mode varchar(10) NOT NULL CHECK (mode IN ('drill', 'tabletop', 'replay')),
  file text NOT NULL,
  seed bigint NOT NULL,
  planned timestamptz NOT NULL,
  played_in smallint UNIQUE REFERENCES world (id),
  state varchar(10) NOT NULL CHECK (state IN ('planned', 'running', 'paused', 'ended', 'cancelled')),
  speed smallint NOT NULL DEFAULT 1 CHECK (speed BETWEEN 1 AND 600),
  people varchar(64)[] NOT NULL DEFAULT '{}',
  parts varchar(64)[] NOT NULL DEFAULT '{}',
  touched timestamptz,
  created timestamptz NOT NULL,
  created_by uuid,
  started timestamptz,
  ended timestamptz,
  report jsonb,
  history varchar(64) NOT NULL DEFAULT '',
  CHECK ((state IN ('planned', 'cancelled')) OR played_in IS NOT NULL)
);
COMMENT ON COLUMN drill.people IS 'Units whose orders real people answer; the others are played by themselves.';
COMMENT ON COLUMN drill.parts IS 'Units that take part: their people may open the pages inside of the drill.';
COMMENT ON COLUMN drill.touched IS 'When its clock was last moved on: time without a server does not count.';
CREATE INDEX drill_state ON drill (state, planned);
GRANT SELECT, INSERT, UPDATE ON drill TO bihuan_app;

CREATE TABLE drill_line (
  world_id smallint NOT NULL REFERENCES world (id) CHECK (world_id <> 1),
  district varchar(12) NOT NULL,
  number integer NOT NULL,
  at timestamptz NOT NULL,
  kind varchar(24) NOT NULL,
  data jsonb NOT NULL,
  PRIMARY KEY (world_id, number)
);
CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON drill_line FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER alive AFTER INSERT ON drill_line FOR EACH ROW EXECUTE FUNCTION forbid_dropped();
GRANT SELECT, INSERT ON drill_line TO bihuan_app;
"""
BACK = "DROP TABLE drill_line; DROP TABLE drill;"


class Migration(migrations.Migration):
    dependencies = [("desk", "0086_notice_over")]
    operations = [migrations.RunSQL(TABLES, BACK)]
