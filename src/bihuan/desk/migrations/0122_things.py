"""What senses, by SensorThings: things, where they are, sensors, what is observed, and the series of both."""

from django.db import migrations

TABLES = """
CREATE TABLE sensing (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  world_id smallint NOT NULL CHECK (world_id = 1),
  district varchar(12) NOT NULL,
  unit varchar(64) NOT NULL,
  kind varchar(20) NOT NULL CHECK (kind IN
    ('Things', 'Locations', 'Sensors', 'ObservedProperties', 'Datastreams', 'FeaturesOfInterest')),
  body jsonb NOT NULL,
  thing bigint REFERENCES sensing (id),
  sensor bigint REFERENCES sensing (id),
  property bigint REFERENCES sensing (id),
  locations bigint[] NOT NULL DEFAULT '{}',
  source varchar(120) NOT NULL DEFAULT '',
  signal_sensor varchar(80) NOT NULL DEFAULT '',
  signal_kind varchar(32) NOT NULL DEFAULT '',
  created timestamptz NOT NULL,
  changed timestamptz NOT NULL,
  ended timestamptz
);
COMMENT ON COLUMN sensing.thing IS 'Of a Datastream its Thing; of a FeatureOfInterest the Thing that it was made for.';
COMMENT ON COLUMN sensing.signal_sensor IS 'Of a Datastream: the sensor and kind as which its Observations are signals.';
CREATE INDEX sensing_listed ON sensing (kind, unit, id) WHERE ended IS NULL;
CREATE INDEX sensing_thing ON sensing (thing) WHERE thing IS NOT NULL;
CREATE UNIQUE INDEX sensing_series ON sensing (source, signal_sensor, signal_kind) WHERE kind = 'Datastreams';
GRANT SELECT, INSERT, UPDATE ON sensing TO bihuan_app;
"""
BACK = "DROP TABLE sensing;"


class Migration(migrations.Migration):
    dependencies = [("desk", "0121_signal_bus")]
    operations = [migrations.RunSQL(TABLES, BACK)]
