"""Cases in a list, as plain values for its page."""

from __future__ import annotations

from collections.abc import Iterable

from bihuan.desk import api as desk
from bihuan.faces import shown as words
from bihuan.faces.i18n import choose, say


def shown(lines: Iterable[desk.Line]) -> list[dict[str, object]]:
    return [
        {
            "id": line.id,
            "number": line.number,
            "version": line.version,
            "is_hidden": line.is_hidden,
            "category": choose(line.category_name.name, line.category_name.name_en) or say("未分类"),
            "place": choose(line.place.name, line.place.name_en),
            "stage": words.stage(line.stage),
            "seal": line.seal,
            "turn": choose(line.turn.name, line.turn.name_en),
            "opened": line.opened,
            "due": line.due,
            "is_overdue": line.is_overdue,
            "is_disputed": line.is_disputed,
        }
        for line in lines
    ]
