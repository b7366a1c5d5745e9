"""What search compares: keyed hashes of words, by case; the real world only, nothing sealed."""

from django.db import migrations

TABLES = """
CREATE SEQUENCE case_words_pos MINVALUE 0 START 0;
CREATE TABLE case_words (
  pos bigint PRIMARY KEY,
  district varchar(12) NOT NULL,
  case_id uuid NOT NULL UNIQUE REFERENCES case_row (id) ON DELETE CASCADE,
  words integer[] NOT NULL, about integer[] NOT NULL, eyes integer[] NOT NULL
);
COMMENT ON TABLE case_words IS 'Keyed hashes of the words of unsealed cases, written by desk.search alone.';
CREATE INDEX case_words_found ON case_words USING gin (words, about, eyes) WITH (gin_pending_list_limit = 1024);
-- Segment by segment, each through the index: given all of them at once, the planner reads the whole table instead.
CREATE FUNCTION words_found(in_full boolean, wanted integer[], own integer[], before bigint) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE ROWS 200 AS $$
DECLARE
  words_of_segment integer[];
  at integer := 0;
BEGIN
  FOREACH words_of_segment SLICE 1 IN ARRAY wanted LOOP
    at := at + 1;
    IF in_full THEN
      RETURN QUERY SELECT w.pos FROM case_words w WHERE w.words @> words_of_segment
        AND (own IS NULL OR w.eyes && own[at:at]) AND w.pos < before;
    ELSE
      RETURN QUERY SELECT w.pos FROM case_words w WHERE w.about @> words_of_segment
        AND (own IS NULL OR w.eyes && own[at:at]) AND w.pos < before;
    END IF;
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON case_words TO bihuan_app;
GRANT USAGE ON case_words_pos TO bihuan_app;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0064_boards")]
    operations = [
        migrations.RunSQL(TABLES, "DROP FUNCTION words_found; DROP TABLE case_words; DROP SEQUENCE case_words_pos;")
    ]
