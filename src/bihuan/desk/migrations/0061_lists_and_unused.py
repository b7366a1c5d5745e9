"""Each filter of a list has an index in the order of ids; indexes that no query asks are gone in exchange.

Made without holding up writers. A build that was cut off leaves an invalid index behind, which the next run replaces.
"""

from django.db import migrations, models
from django.db.models import Q

MADE = {
    # Also what is closed in one place, or of one category, lies behind all that is open there.
    "case_by_category_open": "(world_id, category, is_open, id DESC)",
    "case_by_category_place_open": "(world_id, category, place, is_open, id DESC)",
    # What is closed lies far back: walking from the newest would pass everything that is open.
    "case_by_stage": "(world_id, stage, id DESC)",
    "case_shut": "(world_id, id DESC) WHERE NOT is_open",
    "case_was_late": "(world_id, id DESC) WHERE is_overdue",
    # Most reports are taken from others, and most cases name nobody: only those that do are in these.
    "case_by_reporter": "(world_id, reporter, id DESC) WHERE reporter IS NOT NULL",
    "case_by_named": "USING gin (named) WHERE named <> '[]'",
}
PERSON = "(person) WHERE person IS NOT NULL"
UNUSED = {
    "case_by_category": "case_row (world_id, category, id DESC)",
    "case_by_category_place": "case_row (world_id, category, place, id DESC)",
    "case_by_place": "case_row (world_id, place, id DESC)",
    "case_due": "case_row (world_id, lead, due) WHERE is_open",
    "receipt_case_id_9464d283": "receipt (case_id)",
    "vault_item_key_id_aebcf2fa": "vault_item (key_id)",
}
WHOLE = "vault_key_person_4c6cf2f4"


def make(name: str, on: str) -> migrations.RunSQL:
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    return migrations.RunSQL([drop, f"CREATE INDEX CONCURRENTLY {name} ON {on}"], [drop])


def drop(name: str, on: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        [f"DROP INDEX CONCURRENTLY IF EXISTS {name}"], [f"CREATE INDEX CONCURRENTLY {name} ON {on}"]
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("desk", "0060_webhooks")]
    operations = [
        *(make(name, f"case_row {on}") for name, on in MADE.items()),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                make("case_by_place_open", "case_row (world_id, place, is_open, id DESC)"),
                make("vault_key_person", f"vault_key {PERSON}"),
                drop(WHOLE, "vault_key (person)"),
                *(drop(name, on) for name, on in UNUSED.items()),
            ],
            state_operations=[
                migrations.AlterField("vaultkey", "person", models.UUIDField(null=True)),
                migrations.AddIndex(
                    "vaultkey",
                    models.Index(fields=["person"], name="vault_key_person", condition=Q(person__isnull=False)),
                ),
                migrations.AlterField("vaultitem", "key_id", models.UUIDField()),
                migrations.AlterField("receipt", "case_id", models.UUIDField()),
                migrations.RemoveIndex("caserow", "case_due"),
                migrations.RemoveIndex("caserow", "case_by_place"),
                migrations.AddIndex(
                    "caserow",
                    models.Index(fields=["world_id", "place", "is_open", "-id"], name="case_by_place_open"),
                ),
            ],
        ),
    ]
