"""A notice whose matter somebody has settled since is over: it is counted and told no more, and says so."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("desk", "0085_subscriptions")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE notice ADD COLUMN over boolean NOT NULL DEFAULT false;", "ALTER TABLE notice DROP COLUMN over;"
        )
    ]
