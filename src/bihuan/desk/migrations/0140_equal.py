"""By which open cases are found equal: keyed hashes of spots and words; the real world only, nothing sealed."""

from django.db import migrations

TABLE = """
CREATE TABLE case_alike (
  case_id uuid PRIMARY KEY REFERENCES case_row (id) ON DELETE CASCADE,
  world_id smallint NOT NULL,
  district varchar(12) NOT NULL,
  category varchar(32) NOT NULL,
  place varchar(15) NOT NULL,
  opened timestamptz NOT NULL,
  is_public boolean NOT NULL,
  lon double precision,
  lat double precision,
  address integer,
  size integer NOT NULL,
  sketch bytea NOT NULL,
  spots integer[] NOT NULL,
  words integer[] NOT NULL
);
COMMENT ON TABLE case_alike IS 'Open cases that are not sealed, as keyed hashes, written by desk.equal alone.';
CREATE INDEX case_alike_spots ON case_alike USING gin (spots) WITH (gin_pending_list_limit = 1024);
CREATE INDEX case_alike_words ON case_alike USING gin (words) WITH (gin_pending_list_limit = 1024);
-- Only ever through the two indexes: guessing from statistics, the planner walks the table, or the key from its end.
CREATE FUNCTION alike_near(of_spots integer[], of_words integer[], since timestamptz, own varchar, in_public boolean)
RETURNS TABLE (case_id uuid, category varchar, place varchar, opened timestamptz, lon double precision,
  lat double precision, address integer, size integer, sketch bytea)
LANGUAGE sql STABLE ROWS 500 SET enable_seqscan = off SET enable_indexscan = off SET jit = off AS $$
  (SELECT a.case_id, a.category, a.place, a.opened, a.lon, a.lat, a.address, a.size, a.sketch FROM case_alike a
    WHERE a.spots && of_spots AND a.opened > since AND a.district = own AND a.world_id = 1
    AND (a.is_public OR NOT in_public) ORDER BY a.case_id DESC LIMIT 300)
  UNION
  (SELECT a.case_id, a.category, a.place, a.opened, a.lon, a.lat, a.address, a.size, a.sketch FROM case_alike a
    WHERE a.words && of_words AND a.opened > since AND a.district = own AND a.world_id = 1
    AND (a.is_public OR NOT in_public) ORDER BY a.case_id DESC LIMIT 200)
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON case_alike TO bihuan_app;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0185_drills")]
    operations = [migrations.RunSQL(TABLE, "DROP FUNCTION alike_near; DROP TABLE case_alike;")]
