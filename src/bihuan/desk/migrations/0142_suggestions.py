"""What a clerk drafts for a case and what people decided; the cards of the models that draft."""

from django.db import migrations

TABLE = """
CREATE TABLE suggest_model (
  id uuid PRIMARY KEY,
  world_id smallint NOT NULL,
  district varchar(12) NOT NULL,
  scene varchar(32) NOT NULL,
  what varchar(16) NOT NULL,
  card jsonb NOT NULL,
  made timestamptz NOT NULL
);
CREATE INDEX suggest_model_newest ON suggest_model (scene, what, made);
CREATE TABLE case_suggestion (
  case_id uuid PRIMARY KEY REFERENCES case_row (id) ON DELETE CASCADE,
  world_id smallint NOT NULL,
  district varchar(12) NOT NULL,
  scene varchar(32) NOT NULL,
  made timestamptz NOT NULL,
  category varchar(32) NOT NULL,
  category_chance real NOT NULL,
  unit varchar(32) NOT NULL,
  unit_chance real NOT NULL,
  words integer[] NOT NULL,
  equal uuid[] NOT NULL,
  missing varchar(16)[] NOT NULL,
  settled timestamptz,
  final_category varchar(32) NOT NULL DEFAULT '',
  final_unit varchar(32) NOT NULL DEFAULT ''
);
CREATE INDEX case_suggestion_settled ON case_suggestion (scene, settled) WHERE settled IS NOT NULL;
GRANT SELECT, INSERT ON suggest_model TO bihuan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON case_suggestion TO bihuan_app;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0123_indicators")]
    operations = [migrations.RunSQL(TABLE, "DROP TABLE case_suggestion; DROP TABLE suggest_model;")]
