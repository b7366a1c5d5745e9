"""Residents who want mail: of the public cases of a place, or of a case of their own."""

from django.db import migrations

TABLE = """
CREATE TABLE subscription (
  id uuid PRIMARY KEY,
  district varchar(12) NOT NULL,
  ground varchar(15) NOT NULL,
  case_id uuid,
  address varchar(120) NOT NULL,
  language varchar(2) NOT NULL,
  digest bytea NOT NULL UNIQUE,
  created timestamptz NOT NULL,
  confirmed timestamptz,
  told timestamptz NOT NULL,
  stage varchar(12) NOT NULL,
  next_try timestamptz,
  attempts smallint NOT NULL DEFAULT 0,
  last_error varchar(300) NOT NULL DEFAULT '',
  ended timestamptz
);
COMMENT ON COLUMN subscription.address IS 'A reference into the vault, where the subscription has a key of its own.';
CREATE INDEX subscription_due ON subscription (next_try) WHERE ended IS NULL;
GRANT SELECT, INSERT, UPDATE ON subscription TO bihuan_app;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0082_findings")]
    operations = [migrations.RunSQL(TABLE, "DROP TABLE subscription;")]
