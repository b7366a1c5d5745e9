"""The judge in a worker: the newest models of the site's data folder, loaded when they are first asked for."""

from __future__ import annotations

import logging
from pathlib import Path

from bihuan.desk import api as desk

WORDS = 5
log = logging.getLogger(__name__)


class Clerk:
    """``folder``/scene/what is a model; one that is replaced is read anew, a broken one is left out and said once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, tuple[float, object]] = {}

    def __call__(self, scene: str, what: str, text: str) -> desk.suggestions.Draft:
        path = self._folder / scene / what
        try:
            changed = (path / "card.json").stat().st_mtime
        except OSError:
            return desk.suggestions.Draft()
        if self._known.get(path, (0.0, None))[0] != changed:
            self._known[path] = (changed, _load(path))
        model = self._known[path][1]
        from bihuan.sense.suggest.model import Model  # noqa: PLC0415 - loads NumPy, once there is a model

        if not isinstance(model, Model):
            return desk.suggestions.Draft()
        told = model.classify(text, words=WORDS)
        if not told.label or told.confidence < float(model.card.get("threshold", 0.0)):
            return desk.suggestions.Draft()
        return desk.suggestions.Draft(told.label, told.confidence, told.words)


def _load(path: Path) -> object:
    from bihuan.sense.suggest.model import BadModel, load  # noqa: PLC0415 - as above

    try:
        return load(path)
    except BadModel as error:
        log.error("no suggestions: %s", error)  # noqa: TRY400 - the message says all there is
        return None
