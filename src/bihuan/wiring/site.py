"""A site on this machine: which database, which secrets, ready for Django. Used by every command."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bihuan.wiring import postgres

if TYPE_CHECKING:
    from bihuan.desk.api import Declared
    from bihuan.scenes import SceneInfo

Say = Callable[[str], None]


def prepare_data(folder: Path) -> None:
    """The data folder and the web application's secret, made at the first start and readable by us alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = folder / "secret.key"
    if not secret.exists():
        draft = folder / "secret.key.new"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
        draft.rename(secret)
    os.environ["BIHUAN_DATA"] = str(folder)
    if not os.environ.get("BIHUAN_SECRET_KEY"):
        os.environ.setdefault("BIHUAN_SECRET_KEY_FILE", str(secret))


@contextmanager
def database(say: Say, *, alone: bool = False) -> Iterator[postgres.Cluster | None]:
    """The database that BIHUAN_DATABASE_URL names; else the running embedded one; else the embedded one, started.

    Yields the cluster when it was started here. The addresses are in the environment afterwards. With ``alone``, a
    database that another program runs is not joined but refused (processes.Busy says which program).
    """
    folder = postgres.data_folder()
    prepare_data(folder)
    if os.environ.get("BIHUAN_DATABASE_URL"):
        yield None
        return
    info = None if alone else postgres.running(folder)
    if info is not None:
        os.environ.update(info.environment())
        yield None
        return
    cluster = postgres.Cluster(folder, say=say)
    try:
        os.environ.update(cluster.start().environment())
        yield cluster
    finally:
        cluster.stop()


def setup_django(*, with_scenes: bool = True) -> None:
    """``with_scenes``: false for what must also work where a scene is broken."""
    import django  # noqa: PLC0415 - only when the database's address is known

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.wiring.settings")
    django.setup()
    fill_ports()
    if with_scenes:
        tell_scenes()


def fill_ports() -> None:
    """Which adapter fills which port of the desk."""
    from django.conf import settings  # noqa: PLC0415

    from bihuan.adapters.files import FileNotifier  # noqa: PLC0415
    from bihuan.adapters.http import HttpPoster  # noqa: PLC0415
    from bihuan.adapters.telling import Ways  # noqa: PLC0415
    from bihuan.desk import api, ports  # noqa: PLC0415
    from bihuan.wiring import binaries  # noqa: PLC0415
    from bihuan.wiring.trying import SceneTools  # noqa: PLC0415

    ports.fill(
        notifier=lambda: FileNotifier(settings.DATA / "outbox.jsonl"),
        find_tool=binaries.tool,
        poster=lambda: HttpPoster(settings.WEBHOOK_ALLOWED),
        teller=lambda: Ways(settings, api.notices.push_key().private),
        scene_kit=SceneTools,
    )


def tell_scenes() -> None:
    """Tell the desk what the scenes that are on say and forbid: in every process, before it changes anything."""
    # The one import by name: which scenes are on is a setting.
    from importlib import import_module  # noqa: PLC0415, TID251

    from django.conf import settings  # noqa: PLC0415

    from bihuan import scenes  # noqa: PLC0415
    from bihuan.desk import api  # noqa: PLC0415

    for key in settings.SCENES:
        scene = scenes.load(key)
        api.tell_words(key, scene.words)
        api.tell_scene(key, declared(scene))
        if (scene.folder / "rules.py").is_file():
            api.tell_rules(key, import_module(f"bihuan.scenes.{key}.rules").refuse)


def declared(scene: SceneInfo) -> Declared:
    """What a manifest declares, as the desk takes it."""
    from bihuan.desk import api  # noqa: PLC0415

    fields = {name: api.SceneField(name, **value) for name, value in scene.fields.items()}
    return api.Declared(
        fields=fields,
        letters=scene.letters,
        reviews=scene.reviews,
        seal_note=scene.seal_note,
        names=(scene.name, scene.name_en),
        summary=(scene.summary, scene.summary_en),
        asks_where=scene.asks_where,
        is_public=scene.is_public,
        recusal=scene.recusal,
        told=scene.told,
        page=scene.page,
    )


def refuse_owner() -> None:
    """The application must not run under a role that owns its tables (law 5)."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, pg_get_userbyid(relowner) = current_user OR"
            " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
            " FROM pg_class WHERE oid = 'event'::regclass"
        )
        role, is_owner = cursor.fetchone()
    if is_owner:
        raise SystemExit(
            f"数据库角色 {role} 拥有数据表,不能用来运行应用(第5条)。\n"
            f"The database role {role} owns the tables; the application must run under one that owns none (law 5).\n"
            "Put a login role that is a member of bihuan_app into BIHUAN_DATABASE_URL, and the owner into"
            " BIHUAN_OWNER_DATABASE_URL."
        )
