"""A trained model: plain numbers and names in a folder, and what it says of a text.

``card.json`` says what it is, ``grams.json`` names the pieces, ``weights.npz`` holds the numbers. Nothing in the folder
is a program: it is read with ``allow_pickle=False`` and checked, so a model from elsewhere can be wrong but cannot act.
"""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bihuan.sense.suggest.grams import grams

Floats = npt.NDArray[np.float32]
FORMAT = 1
CARD, NAMES, WEIGHTS = "card.json", "grams.json", "weights.npz"


class BadModel(ValueError):
    """A folder that holds no model we can read: what is missing, and what to do."""


@dataclass(frozen=True)
class Suggestion:
    """``label`` is empty where there is nothing to go by. ``words``: the pieces that spoke for it, strongest first."""

    label: str
    confidence: float
    words: tuple[str, ...] = ()


NOTHING = Suggestion("", 0.0)


@dataclass(frozen=True)
class Model:
    """``idf``: weight of a piece; ``weights``: piece × label; ``stack``: scores and a one → label, calibrated."""

    labels: tuple[str, ...]
    names: tuple[str, ...]
    idf: Floats
    weights: Floats
    stack: npt.NDArray[np.float64]
    card: dict[str, Any]

    @cached_property
    def index(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    def classify(self, text: str, *, words: int = 0) -> Suggestion:
        found, values = self._row(text)
        if not found.size:
            return NOTHING
        chances = probabilities(values @ self.weights[found], self.stack)
        best = int(chances.argmax())
        told = self._words(found, values, best, words) if words else ()
        return Suggestion(self.labels[best], float(chances[best]), told)

    def _row(self, text: str) -> tuple[npt.NDArray[np.intp], Floats]:
        """The text as a row of unit length: which pieces, and how much of each."""
        index = self.index
        counted = Counter(index[gram] for gram in grams(text) if gram in index)
        found = np.fromiter(counted.keys(), np.intp, len(counted))
        counts = np.fromiter(counted.values(), np.float32, len(counted))
        values = (1 + np.log(counts)) * self.idf[found]
        length = math.sqrt(float(values @ values))
        return found, (values / length if length else values).astype(np.float32)

    def _words(self, found: npt.NDArray[np.intp], values: Floats, best: int, most: int) -> tuple[str, ...]:
        part = self.weights[found]
        share = values * (part[:, best] - part.mean(axis=1))
        order = [int(place) for place in np.argsort(-share)[: most * 4] if share[place] > 0]
        chosen: list[str] = []
        for place in order:
            name = as_read(self.names[found[place]])
            is_word = len(name) > 1 and name.replace(" ", "").isalnum()
            if is_word and not any(name in one or one in name for one in chosen):
                chosen.append(name)
        return tuple(chosen[:most])


def as_read(gram: str) -> str:
    """Chinese is written without blanks between its pieces, other scripts with."""
    return gram.replace(" ", "") if gram > "\u2e80" else gram


def probabilities(scores: npt.ArrayLike, stack: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Softmax of the calibrated scores; of one row or of many."""
    raw = np.asarray(scores, np.float64) @ stack[:-1] + stack[-1]
    grown = np.exp(raw - raw.max(axis=-1, keepdims=True))
    whole: npt.NDArray[np.float64] = grown / grown.sum(axis=-1, keepdims=True)
    return whole


def save(model: Model, folder: Path) -> None:
    """Each file is written beside and put in place; the card last, so that a folder with a card is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD).unlink(missing_ok=True)
    _put(folder / NAMES, json.dumps(model.names, ensure_ascii=False).encode())
    part = folder / f"{WEIGHTS}.part"
    with part.open("wb") as file:
        np.savez(file, idf=model.idf, weights=model.weights.astype(np.float16), stack=model.stack)
    part.replace(folder / WEIGHTS)
    card = {"format": FORMAT, "labels": list(model.labels), **model.card}
    _put(folder / CARD, json.dumps(card, ensure_ascii=False, indent=1).encode())


def _put(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def read_card(folder: Path) -> dict[str, Any]:
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
    except FileNotFoundError:
        raise BadModel(
            f"{folder}: 没有模型。 No model here: bihuan suggest train FILE.csv --text … --label … --out {folder}"
        ) from None
    except (OSError, ValueError) as error:
        raise BadModel(f"{folder / CARD}: 读不了,请重新训练。 Not readable, train again ({error})") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT or not isinstance(card.get("labels"), list):
        raise BadModel(f"{folder / CARD}: 不是这一版的模型,请重新训练。 Not a model of this version: train again.")
    return card


def load(folder: Path) -> Model:
    card = read_card(folder)
    try:
        names = json.loads((folder / NAMES).read_text("utf-8"))
        with np.load(folder / WEIGHTS, allow_pickle=False) as kept:
            idf, weights, stack = (kept[name] for name in ("idf", "weights", "stack"))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BadModel(f"{folder}: 模型不完整,请重新训练。 The model is not whole, train again ({error})") from error
    count = len(card["labels"])
    is_sound = (
        isinstance(names, list)
        and all(isinstance(name, str) for name in names)
        and idf.shape == (len(names),)
        and weights.shape == (len(names), count)
        and stack.shape == (count + 1, count)
        and all(array.dtype.kind == "f" and np.isfinite(array).all() for array in (idf, weights, stack))
    )
    if not is_sound:
        raise BadModel(f"{folder}: 各文件对不上,请重新训练。 The files of the model do not fit together: train again.")
    return Model(
        labels=tuple(map(str, card["labels"])),
        names=tuple(names),
        idf=idf.astype(np.float32),
        weights=weights.astype(np.float32),
        stack=stack.astype(np.float64),
        card=card,
    )
