"""What boards add up: one row of flags a case, and their sums by month, matter, place and unit. The real world only."""

from django.db import migrations

FLAGS = (
    "heard", "problems", "dispatched", "open", "late", "running", "overdue", "judged", "on_time", "answered",
    "right_first", "returned", "twice", "finished", "reopened", "disputed",
)  # fmt: skip
KEYS = "month date NOT NULL, scene varchar(32) NOT NULL, category varchar(32) NOT NULL, place varchar(12) NOT NULL, unit varchar(32) NOT NULL"
TABLES = f"""
CREATE TABLE board_fact (
  case_id uuid PRIMARY KEY REFERENCES case_row (id) ON DELETE CASCADE,
  district varchar(12) NOT NULL, {KEYS}, changed timestamptz NOT NULL,
  {", ".join(f"{name} smallint NOT NULL" for name in FLAGS)}
);
CREATE TABLE board_count (
  district varchar(12) NOT NULL, {KEYS},
  {", ".join(f"{name} integer NOT NULL" for name in FLAGS)},
  PRIMARY KEY (month, scene, category, place, unit)
);
COMMENT ON TABLE board_count IS 'Sums of board_fact: grows with months, matters, places and units, not with cases.';
CREATE INDEX board_now ON board_count (unit) WHERE open > 0 OR running > 0;
CREATE INDEX board_fact_place ON board_fact (place varchar_pattern_ops, case_id DESC);
CREATE INDEX board_fact_unit ON board_fact (unit, case_id DESC);
CREATE INDEX board_fact_month ON board_fact (month, case_id DESC);
CREATE INDEX board_fact_open ON board_fact (case_id DESC) WHERE open > 0;
CREATE INDEX board_fact_late ON board_fact (case_id DESC) WHERE late > 0;
CREATE INDEX board_fact_twice ON board_fact (case_id DESC) WHERE twice > 0 AND open > 0;
CREATE INDEX board_fact_disputed ON board_fact (case_id DESC) WHERE disputed > 0 AND open > 0;
CREATE INDEX board_fact_quiet ON board_fact (changed) WHERE open > 0;
GRANT SELECT, INSERT, UPDATE ON board_fact, board_count TO bihuan_app;
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0063_import_rejected")]
    operations = [migrations.RunSQL(TABLES, "DROP TABLE board_fact, board_count;")]
