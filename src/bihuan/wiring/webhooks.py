"""What the commands for webhooks do. The words for people are in ``bihuan.cli.webhooks``."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from bihuan.wiring.commands import CannotGoOn
from bihuan.wiring.office import Row


def add(url: str, *, unit: str, kinds: str, name: str, world: int) -> dict[str, str]:
    """Raises ``CannotGoOn`` in words."""
    from bihuan.desk import api  # noqa: PLC0415 - settings are read when a command has its database

    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    try:
        key, secret = api.webhooks.add(url, unit=unit, kinds=wanted, name=name, world=world)
    except api.webhooks.BadEndpoint as error:
        raise CannotGoOn(str(error)) from error
    return {"id": str(key), "secret": secret}


def every(world: int) -> list[Row]:
    from bihuan.desk import api  # noqa: PLC0415 - as above

    return [{**asdict(one), "kinds": " ".join(one.kinds)} for one in api.webhooks.every(world)]


def remove(key: str) -> None:
    from bihuan.desk import api  # noqa: PLC0415 - as above

    api.webhooks.remove(_found(key))


def log(key: str, limit: int) -> list[Row]:
    from bihuan.desk import api  # noqa: PLC0415 - as above

    return [asdict(one) for one in api.webhooks.log_of(_found(key), limit)]


def retry(key: str) -> int:
    from bihuan.desk import api  # noqa: PLC0415 - as above

    return api.webhooks.retry(_found(key))


def _found(key: str) -> UUID:
    """By the whole id or its beginning, in any world; whoever sits at the machine sees all."""
    from bihuan.desk import api  # noqa: PLC0415 - as above

    worlds = [world.id for world in api.virtual.every(dropped=False)]
    found = [one.id for world in worlds for one in api.webhooks.every(world) if str(one.id).startswith(key.lower())]
    if len(found) != 1 or not key:
        known = "没有" if not found else "不止一个"
        raise CannotGoOn(f"{known} {key};见 bihuan webhook list。 {len(found)} endpoints begin so; see the list.")
    return found[0]
