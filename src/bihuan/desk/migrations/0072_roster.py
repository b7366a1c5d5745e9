"""Who is to be on duty when; and secret addresses of calendars."""

from django.db import migrations

TABLES = """
CREATE TABLE duty_span (
  id uuid PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  unit varchar(32) NOT NULL,
  role varchar(16) NOT NULL,
  person_id uuid NOT NULL,
  instead_of uuid,
  starts timestamptz NOT NULL,
  ends timestamptz NOT NULL,
  source varchar(200) NOT NULL DEFAULT '',
  CHECK (ends > starts)
);
COMMENT ON TABLE duty_span IS 'Who is to be reached when. Not who came: nobody signs in here, and old spans go.';
CREATE UNIQUE INDEX duty_span_source ON duty_span (unit, role, source, starts) WHERE source <> '';
CREATE UNIQUE INDEX duty_span_once ON duty_span (unit, role, person_id, starts);
CREATE INDEX duty_span_of_unit ON duty_span (unit, ends);
CREATE INDEX duty_span_of_person ON duty_span (person_id, ends);
CREATE TABLE calendar_token (
  id uuid PRIMARY KEY,
  digest bytea NOT NULL UNIQUE,
  person_id uuid NOT NULL,
  unit varchar(32) NOT NULL,
  created timestamptz NOT NULL,
  revoked timestamptz
);
CREATE INDEX calendar_token_of ON calendar_token (person_id) WHERE revoked IS NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON duty_span TO bihuan_app;
GRANT SELECT, INSERT, UPDATE ON calendar_token TO bihuan_app;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0071_owed")]
    operations = [migrations.RunSQL(TABLES, "DROP TABLE calendar_token, duty_span;")]
