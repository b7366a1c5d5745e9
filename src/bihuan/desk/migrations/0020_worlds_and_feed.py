"""Worlds drop whole also under concurrent writers, no row changes worlds, ticks that failed wait, a queue stays slim."""

from django.db import migrations

TABLES = (
    "case_row", "task_row", "event", "pending", "feed", "subtree", "head", "cursor", "outbox", "receipt", "answer",
    "vault_key", "vault_item", "access_log", "break_glass",
)  # fmt: skip
# 4802026 is desk.feed.LOCK: no sequencer places events while a world is dropped.
# A writer takes a share of its world's row; close_world takes the row whole. So nothing is written after a closing.
# Rows of the real world never come here: the trigger's WHEN lets them pass for the price of a comparison.
FENCED = ("event", "cursor", "access_log", "outbox", "answer", "vault_key")

WORLDS = """
ALTER TABLE world
  ADD CONSTRAINT world_one_real CHECK ((id = 1) = (kind = 'real')),
  ADD CONSTRAINT world_own_clock CHECK ((kind = 'real') = (virtual_now IS NULL)),
  ADD CONSTRAINT world_plain_key CHECK (key ~ '^[A-Za-z0-9._-]+$'),
  ADD CONSTRAINT world_real_stays CHECK (kind <> 'real' OR dropped IS NULL);

CREATE FUNCTION forbid_dropped() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  PERFORM FROM world WHERE id = NEW.world_id AND dropped IS NULL FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'world % is not there or was dropped (law 8)', NEW.world_id USING ERRCODE = 'BH008';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION forbid_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a row of % belongs to world % for ever (law 8)', TG_TABLE_NAME, OLD.world_id USING ERRCODE = 'BH008';
END $$;

CREATE FUNCTION close_world(gone smallint, at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE its_kind text;
BEGIN
  SELECT kind INTO its_kind FROM world WHERE id = gone FOR UPDATE;
  IF its_kind IS NULL THEN
    RAISE EXCEPTION 'there is no world %', gone USING ERRCODE = 'BH008';
  ELSIF its_kind = 'real' THEN
    RAISE EXCEPTION 'the real world is never dropped (law 8)' USING ERRCODE = 'BH008';
  END IF;
  UPDATE world SET dropped = coalesce(dropped, at) WHERE id = gone;
END $$;

CREATE OR REPLACE FUNCTION drop_world(gone smallint, at timestamptz, record jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE name text; went bigint; counts jsonb := '{}'; last_head text;
BEGIN
  PERFORM close_world(gone, at);
  PERFORM pg_advisory_xact_lock(4802026);
  SELECT note INTO last_head FROM head WHERE world_id = gone ORDER BY size DESC LIMIT 1;
  PERFORM set_config('bihuan.dropping', gone::text, true);
  FOR name IN
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'world_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ORDER BY c.relname
  LOOP
    EXECUTE format('DELETE FROM %I WHERE world_id = $1', name) USING gone;
    GET DIAGNOSTICS went = ROW_COUNT;
    IF went > 0 THEN counts := counts || jsonb_build_object(name, went); END IF;
  END LOOP;
  PERFORM set_config('bihuan.dropping', '', true);
  UPDATE world SET drop_record = record || jsonb_build_object('rows', counts, 'head', last_head)
  WHERE id = gone AND drop_record IS NULL;
END $$;

REVOKE ALL ON FUNCTION close_world, drop_world FROM PUBLIC;
GRANT EXECUTE ON FUNCTION close_world, drop_world TO bihuan_app;
"""

TICKS = """
CREATE TABLE tick_retry (
  case_id uuid PRIMARY KEY,
  world_id smallint NOT NULL,
  attempts smallint NOT NULL,
  next_try timestamptz NOT NULL,
  error varchar(300) NOT NULL
);
COMMENT ON TABLE tick_retry IS 'Cases whose tick failed: tried again later, so that they hold up nobody else.';
GRANT SELECT, INSERT, UPDATE, DELETE ON tick_retry TO bihuan_app;
"""

# Rows of ``pending`` live for less than a second: clear them away at once and at full speed.
QUEUE = """
ALTER TABLE pending SET (autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_insert_threshold = -1);
ALTER TABLE outbox SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
"""


def fence(apps, schema_editor):  # noqa: ANN001, ANN201 - Django calls it
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(WORLDS)
        for table in FENCED:
            cursor.execute(
                f"CREATE TRIGGER alive AFTER INSERT ON {table} FOR EACH ROW WHEN (NEW.world_id <> 1)"
                " EXECUTE FUNCTION forbid_dropped()"
            )
        for table in TABLES:
            cursor.execute(
                f"CREATE TRIGGER one_world BEFORE UPDATE OF world_id ON {table} FOR EACH ROW"
                " WHEN (OLD.world_id <> NEW.world_id) EXECUTE FUNCTION forbid_move()"
            )
        cursor.execute(TICKS)
        cursor.execute(QUEUE)


class Migration(migrations.Migration):
    dependencies = [("desk", "0010_access")]
    operations = [migrations.RunPython(fence, migrations.RunPython.noop)]
