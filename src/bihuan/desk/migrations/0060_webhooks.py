"""Webhooks out: who is told, what there is to tell, and every try. Public cases by the time they came in."""

from django.db import migrations

# The log of tries is written and read, never changed; ``desk.tidy`` alone lets old rows go.
TABLES = """
CREATE TABLE webhook (
  id uuid PRIMARY KEY,
  world_id smallint NOT NULL,
  district varchar(12) NOT NULL,
  unit varchar(32) NOT NULL,
  name varchar(80) NOT NULL,
  url varchar(500) NOT NULL,
  kinds varchar(400) NOT NULL,
  secret varchar(120) NOT NULL,
  created_by varchar(80) NOT NULL,
  created timestamptz NOT NULL,
  failing_since timestamptz,
  ended timestamptz,
  ended_why varchar(200) NOT NULL DEFAULT '',
  removed timestamptz
);
CREATE TABLE webhook_message (
  id uuid PRIMARY KEY,
  world_id smallint NOT NULL,
  webhook_id uuid NOT NULL,
  case_id uuid NOT NULL,
  kind varchar(40) NOT NULL,
  body text NOT NULL,
  is_bare boolean NOT NULL,
  created timestamptz NOT NULL,
  next_try timestamptz,
  attempts smallint NOT NULL DEFAULT 0,
  sent timestamptz,
  last_error varchar(300) NOT NULL DEFAULT ''
);
CREATE TABLE webhook_try (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  world_id smallint NOT NULL,
  webhook_id uuid NOT NULL,
  message_id uuid NOT NULL,
  attempt smallint NOT NULL,
  at timestamptz NOT NULL,
  took integer NOT NULL,
  status smallint,
  error varchar(300) NOT NULL
);
CREATE INDEX webhook_unsent ON webhook_message (webhook_id, next_try) WHERE sent IS NULL;
CREATE INDEX webhook_message_created ON webhook_message USING brin (created);
CREATE INDEX webhook_try_of ON webhook_try (webhook_id, id DESC);
CREATE INDEX webhook_try_at ON webhook_try USING brin (at);
ALTER TABLE webhook_message SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
COMMENT ON COLUMN webhook.secret IS 'A reference into the vault, where the endpoint has a key of its own.';
GRANT SELECT, INSERT, UPDATE ON webhook TO bihuan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_message TO bihuan_app;
GRANT SELECT, INSERT, DELETE ON webhook_try TO bihuan_app;
CREATE INDEX case_public ON case_row (world_id, opened DESC, id DESC) WHERE seal <= 0;
"""
BACK = "DROP INDEX case_public; DROP TABLE webhook_try, webhook_message, webhook;"
OWN = ("webhook", "webhook_message", "webhook_try")


def fence(apps, schema_editor):  # noqa: ANN001, ANN201 - Django calls it
    with schema_editor.connection.cursor() as cursor:
        for table in OWN:
            cursor.execute(
                f"CREATE TRIGGER alive AFTER INSERT ON {table} FOR EACH ROW WHEN (NEW.world_id <> 1)"
                " EXECUTE FUNCTION forbid_dropped()"
            )
            cursor.execute(
                f"CREATE TRIGGER one_world BEFORE UPDATE OF world_id ON {table} FOR EACH ROW"
                " WHEN (OLD.world_id <> NEW.world_id) EXECUTE FUNCTION forbid_move()"
            )


class Migration(migrations.Migration):
    dependencies = [("desk", "0057_imports")]
    operations = [
        migrations.RunSQL(TABLES, BACK),
        migrations.RunPython(fence, migrations.RunPython.noop),
    ]
