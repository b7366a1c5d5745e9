"""Bring the tables up to date, as the role that owns them."""

from __future__ import annotations

import os
from copy import deepcopy


def migrate() -> list[str]:
    """Run the migrations under BIHUAN_OWNER_DATABASE_URL; returns the names of those applied."""
    import django  # noqa: PLC0415 - settings are read here, not when the program starts
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    from bihuan.wiring.settings import database  # noqa: PLC0415

    django.setup()
    owner = os.environ.get("BIHUAN_OWNER_DATABASE_URL") or os.environ["BIHUAN_DATABASE_URL"]
    template = deepcopy(connections["default"].settings_dict)
    connections.databases["owner"] = {**template, **database(owner)}
    settings.DATABASES["owner"] = connections.databases["owner"]
    connection = connections["owner"]
    try:
        plan = MigrationExecutor(connection).migration_plan(MigrationExecutor(connection).loader.graph.leaf_nodes())
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    finally:
        connection.close()
        del connections["owner"]
        del connections.databases["owner"]
        settings.DATABASES.pop("owner", None)
