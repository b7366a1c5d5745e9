"""Indicators and what they mean; how long signals of a kind are kept, and what went."""

from django.db import migrations

TABLES = """
CREATE TABLE indicator (
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  key varchar(32) PRIMARY KEY,
  owner varchar(64) NOT NULL,
  name varchar(60) NOT NULL,
  name_en varchar(60) NOT NULL,
  unit varchar(16) NOT NULL,
  period varchar(7) NOT NULL CHECK (period IN ('day', 'week', 'month', 'quarter', 'year')),
  place varchar(15) NOT NULL,
  changed timestamptz NOT NULL
);
CREATE TABLE signal_keep (
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  kind varchar(32) PRIMARY KEY,
  days integer NOT NULL CHECK (days > 0),
  changed timestamptz NOT NULL
);
COMMENT ON COLUMN signal_keep.kind IS 'Empty: all others.';
CREATE TABLE signal_removed (
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  day date NOT NULL,
  kind varchar(32) NOT NULL,
  number bigint NOT NULL,
  before timestamptz NOT NULL,
  PRIMARY KEY (day, kind)
);
GRANT SELECT, INSERT, UPDATE ON indicator, signal_keep, signal_removed TO bihuan_app;
GRANT DELETE ON signal TO bihuan_app;
"""
BACK = "REVOKE DELETE ON signal FROM bihuan_app; DROP TABLE signal_removed, signal_keep, indicator;"


class Migration(migrations.Migration):
    dependencies = [("desk", "0100_warnings")]
    operations = [migrations.RunSQL(TABLES, BACK)]
