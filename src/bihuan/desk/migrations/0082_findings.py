"""Signals in an order in which none is missed, and what detectors found in them."""

from django.db import migrations

TABLES = """
ALTER TABLE signal ADD COLUMN tx xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX signal_order ON signal (tx, id);
CREATE TABLE finding (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  source varchar(120) NOT NULL,
  sensor varchar(80) NOT NULL,
  kind varchar(32) NOT NULL,
  detector varchar(24) NOT NULL,
  mark smallint NOT NULL CHECK (mark IN (1, -1)),
  happened timestamptz NOT NULL,
  value double precision,
  found timestamptz NOT NULL
);
CREATE UNIQUE INDEX finding_once ON finding (source, sensor, kind, detector, happened, mark);
CREATE INDEX finding_found ON finding USING brin (found);
COMMENT ON COLUMN finding.mark IS '1 raised, -1 lowered';
CREATE TRIGGER finding_fixed BEFORE UPDATE ON finding FOR EACH ROW EXECUTE FUNCTION forbid_change();
GRANT SELECT, INSERT ON finding TO bihuan_app;
"""
BACK = """
DROP TABLE finding;
ALTER TABLE signal DROP COLUMN tx;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0081_rulebook_drafts")]
    operations = [migrations.RunSQL(TABLES, BACK)]
