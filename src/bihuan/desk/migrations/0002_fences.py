"""The fences in the database itself: append-only history, a role that owns nothing, worlds that drop whole."""

from django.db import migrations

APP = "bihuan_app"

# Append-only also for the owner: only dropping a world that is not the real one may delete, and only through drop_world.
TRIGGERS = """
CREATE FUNCTION forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND OLD.world_id <> 1
     AND current_setting('bihuan.dropping', true) = OLD.world_id::text THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the past is fixed (law 5): % on % is not allowed', TG_OP, TG_TABLE_NAME USING ERRCODE = 'BH005';
END $$;
CREATE FUNCTION forbid_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('bihuan.testing', true) = 'on' THEN RETURN NULL; END IF;
  RAISE EXCEPTION 'the past is fixed (law 5): TRUNCATE on % is not allowed', TG_TABLE_NAME USING ERRCODE = 'BH005';
END $$;
"""
FIXED = ("event", "feed", "subtree", "head", "access_log")

WORLDS = """
CREATE FUNCTION create_world(new_key text, new_kind text, new_district text, at timestamptz, virtual timestamptz)
RETURNS smallint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE made smallint;
BEGIN
  IF new_kind NOT IN ('drill', 'simulation') THEN
    RAISE EXCEPTION 'a new world is a drill or a simulation (law 8), not %', new_kind USING ERRCODE = 'BH008';
  END IF;
  INSERT INTO world (key, kind, district, created, virtual_now, next_number)
  VALUES (new_key, new_kind, new_district, at, virtual, 1) RETURNING id INTO made;
  RETURN made;
END $$;
CREATE FUNCTION drop_world(gone smallint, at timestamptz, record jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE name text;
BEGIN
  IF gone = 1 OR (SELECT kind FROM world WHERE id = gone) = 'real' THEN
    RAISE EXCEPTION 'the real world is never dropped (law 8)' USING ERRCODE = 'BH008';
  END IF;
  PERFORM set_config('bihuan.dropping', gone::text, true);
  FOREACH name IN ARRAY ARRAY['pending','feed','subtree','head','cursor','outbox','receipt','answer','vault_item',
                              'vault_key','access_log','break_glass','task_row','case_row','event'] LOOP
    EXECUTE format('DELETE FROM %I WHERE world_id = $1', name) USING gone;
  END LOOP;
  PERFORM set_config('bihuan.dropping', '', true);
  UPDATE world SET dropped = at, drop_record = record WHERE id = gone;
END $$;
"""

GRANTS = f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP}') THEN CREATE ROLE {APP} NOLOGIN; END IF;
END $$;
GRANT USAGE ON SCHEMA public TO {APP};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {APP};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP};
GRANT INSERT ON event, feed, subtree, head, access_log, receipt, vault_item, rulebook TO {APP};
GRANT INSERT, UPDATE ON case_row, outbox, cursor, vault_key, person, post, token, unit, break_glass, calendar_day,
      calendar_year, setting TO {APP};
GRANT INSERT, UPDATE, DELETE ON task_row, pending, answer TO {APP};
GRANT DELETE ON outbox, calendar_day TO {APP};
GRANT UPDATE (next_number, virtual_now) ON world TO {APP};
GRANT INSERT, UPDATE, DELETE ON auth_user, auth_group, auth_user_groups, auth_user_user_permissions, django_session
      TO {APP};
DO $$ DECLARE t text; BEGIN
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'axes_%' LOOP
    EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO {APP}', t);
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION create_world, drop_world FROM PUBLIC;
GRANT EXECUTE ON FUNCTION create_world, drop_world TO {APP};
"""


def fence(apps, schema_editor):  # noqa: ANN001, ANN201 - Django calls it
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        for table in FIXED:
            cursor.execute(
                f"CREATE TRIGGER fixed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION forbid_change()"
            )
            cursor.execute(
                f"CREATE TRIGGER whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION forbid_truncate()"
            )
        cursor.execute(WORLDS)
        cursor.execute(
            "INSERT INTO world (id, key, kind, district, created, next_number) VALUES (1, 'real', 'real', %s, now(), 1)",
            [_district()],
        )
        cursor.execute("SELECT setval(pg_get_serial_sequence('world', 'id'), 1)")
        # The write path reads a case row by its id and rewrites it often: leave room, and vacuum early.
        cursor.execute("ALTER TABLE case_row SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)")
        cursor.execute(
            "ALTER TABLE pending SET (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000)"
        )
        cursor.execute(GRANTS)


def _district() -> str:
    from django.conf import settings

    return str(settings.DISTRICT)


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("sessions", "0001_initial"),
        ("axes", "0010_accessattemptexpiration"),
    ]
    operations = [migrations.RunPython(fence, migrations.RunPython.noop)]
