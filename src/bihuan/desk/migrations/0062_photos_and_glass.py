"""Which photographs are kept for a case, and which wait to be named. Requests for glass that lead nowhere."""

from django.db import migrations, models

PHOTO = """
CREATE TABLE photo (ref varchar(80) PRIMARY KEY, kept timestamptz NOT NULL, used boolean NOT NULL DEFAULT false);
CREATE INDEX photo_unused ON photo (kept) WHERE NOT used;
GRANT SELECT, INSERT, UPDATE, DELETE ON photo TO bihuan_app;
"""


class Migration(migrations.Migration):
    dependencies = (("desk", "0061_lists_and_unused"),)
    operations = (
        migrations.RunSQL(
            [PHOTO],
            ["DROP TABLE photo"],
            state_operations=[
                migrations.CreateModel(
                    name="Photo",
                    fields=[
                        ("ref", models.CharField(max_length=80, primary_key=True, serialize=False)),
                        ("kept", models.DateTimeField()),
                        ("used", models.BooleanField(db_default=False, default=False)),
                    ],
                    options={
                        "db_table": "photo",
                        "indexes": [
                            models.Index(fields=["kept"], condition=models.Q(("used", False)), name="photo_unused")
                        ],
                    },
                )
            ],
        ),
        migrations.AddField("breakglass", "void", models.BooleanField(db_default=False, default=False)),
        migrations.AddIndex("breakglass", models.Index("person", "asked", name="glass_asked")),
    )
