"""Signals in the order of their transactions need one index less; those that came over the bus name their part."""

from django.db import migrations

TABLES = """
ALTER TABLE signal DROP CONSTRAINT signal_pkey;
DROP INDEX signal_order;
ALTER TABLE signal ADD PRIMARY KEY (tx, id);
ALTER TABLE signal ADD COLUMN bus smallint;
COMMENT ON COLUMN signal.bus IS 'The part of the bus over which it came and by whose detector it is judged; NULL: none.';
"""
BACK = """
ALTER TABLE signal DROP COLUMN bus;
ALTER TABLE signal DROP CONSTRAINT signal_pkey;
ALTER TABLE signal ADD PRIMARY KEY (id);
CREATE INDEX signal_order ON signal (tx, id);
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0120_signal_doors")]
    operations = [migrations.RunSQL(TABLES, BACK)]
