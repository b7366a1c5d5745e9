"""What staff are told: an inbox a person, what waits for an opening, ways to be told, letters on their way."""

from django.db import migrations

TABLES = """
CREATE TABLE notice (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  person_id uuid NOT NULL,
  unit varchar(32) NOT NULL,
  case_id uuid NOT NULL,
  number integer NOT NULL,
  kind varchar(24) NOT NULL,
  is_urgent boolean NOT NULL,
  why varchar(300) NOT NULL,
  at timestamptz NOT NULL,
  created timestamptz NOT NULL,
  seen timestamptz
);
CREATE UNIQUE INDEX notice_once ON notice (case_id, number, kind, person_id);
CREATE INDEX notice_of ON notice (person_id, id DESC);
CREATE INDEX notice_unseen ON notice (person_id, id) WHERE seen IS NULL;
CREATE INDEX notice_created ON notice USING brin (created);
COMMENT ON COLUMN notice.unit IS 'The post in which the person is told; the case is looked at with its eyes.';
CREATE TABLE notice_held (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  case_id uuid NOT NULL,
  number integer NOT NULL,
  kind varchar(24) NOT NULL,
  "to" varchar(80) NOT NULL,
  at timestamptz NOT NULL,
  until timestamptz NOT NULL
);
CREATE UNIQUE INDEX notice_held_once ON notice_held (case_id, number, kind, "to");
CREATE INDEX notice_held_until ON notice_held (until);
CREATE TABLE notice_way (
  id uuid PRIMARY KEY,
  person_id uuid NOT NULL,
  kind varchar(12) NOT NULL,
  address varchar(120) NOT NULL,
  is_spare boolean NOT NULL,
  told bigint NOT NULL,
  created timestamptz NOT NULL,
  last_try timestamptz,
  last_sent timestamptz,
  failing_since timestamptz,
  last_error varchar(300) NOT NULL DEFAULT '',
  removed timestamptz
);
CREATE INDEX notice_way_of ON notice_way (person_id) WHERE removed IS NULL;
COMMENT ON COLUMN notice_way.address IS 'A reference into the vault, where the way has a key of its own and its person.';
CREATE TABLE notice_wish (
  person_id uuid PRIMARY KEY,
  quiet_from smallint,
  quiet_until smallint,
  urgent_through boolean NOT NULL,
  language varchar(2) NOT NULL
);
CREATE TABLE notice_letter (
  id uuid PRIMARY KEY,
  way_id uuid NOT NULL,
  after bigint NOT NULL,
  upto bigint NOT NULL,
  notices integer NOT NULL,
  created timestamptz NOT NULL,
  next_try timestamptz,
  attempts smallint NOT NULL DEFAULT 0,
  sent timestamptz,
  last_error varchar(300) NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX notice_letter_open ON notice_letter (way_id) WHERE sent IS NULL AND next_try IS NOT NULL;
CREATE INDEX notice_letter_due ON notice_letter (next_try) WHERE sent IS NULL;
CREATE INDEX notice_letter_of ON notice_letter (way_id, created DESC);
CREATE INDEX notice_letter_created ON notice_letter USING brin (created);
ALTER TABLE notice SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
GRANT SELECT, INSERT, UPDATE, DELETE ON notice, notice_held, notice_wish, notice_letter TO bihuan_app;
GRANT SELECT, INSERT, UPDATE ON notice_way TO bihuan_app;
-- Nobody is told what happened before there was anybody to tell.
INSERT INTO cursor (world_id, name, pos) SELECT 1, 'notices', max(pos) + 1 FROM feed WHERE world_id = 1
  HAVING max(pos) IS NOT NULL ON CONFLICT DO NOTHING;
"""
BACK = """
DELETE FROM cursor WHERE name = 'notices';
DROP TABLE notice_letter, notice_wish, notice_way, notice_held, notice;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0067_redaction")]
    operations = [migrations.RunSQL(TABLES, BACK)]
