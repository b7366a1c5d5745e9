"""From texts that people sorted to a model with its card. Everything stays in this process.

Ridge regression on pieces of text, each weighed by how rare it is and by how unevenly the labels use it; each part of
the rows is scored by a model that saw none of it nor of its near copies, and those honest scores teach the calibration.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import log_softmax

from bihuan.sense.suggest.grams import grams
from bihuan.sense.suggest.groups import folds, near_groups
from bihuan.sense.suggest.model import Model, probabilities
from bihuan.sense.suggest.quality import quality

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Progress = Callable[[int, int], None]

FEWEST_ROWS = 20
FOLDS, SEED = 5, 7
SEEN_IN = 2  # a piece of one text alone teaches nothing about another
RIDGE = 0.2
UNEVEN = 0.5  # power of the factor for unevenness
STEPS = 60  # of conjugate gradients; after that the scores move by less than a thousandth
STACK_RIDGE = 1e-3


class CannotTrain(ValueError):
    """Rows that cannot teach: what is missing, and what to do."""


def train(
    texts: Sequence[str],
    labels: Sequence[str],
    step: Progress = lambda _done, _all: None,
    *,
    shared_by: int = SEEN_IN,
) -> Model:
    """``step`` is told after each of the folds and at the end. What fewer than ``shared_by`` texts say is left out."""
    texts, labels, left_out = _usable(texts, labels)
    names = sorted(set(labels))
    wanted = np.array([names.index(label) for label in labels], np.intp)
    groups = near_groups(texts)
    fold = folds(texts, groups, FOLDS, SEED)
    counts, index = _counts(texts, shared_by)
    scores = np.zeros((len(texts), len(names)))
    for number in range(FOLDS):
        step(number, FOLDS + 1)
        test = fold == number
        if test.any() and not test.all():
            idf, weights = _fit(counts[~test], wanted[~test], len(names))
            scores[test] = _rows(counts[test], idf) @ weights
    step(FOLDS, FOLDS + 1)
    idf, weights = _fit(counts, wanted, len(names))
    stack = _stack(scores, wanted)
    step(FOLDS + 1, FOLDS + 1)
    measured = quality(_nested(scores, wanted, fold), wanted, names)
    card = {"rows": len(texts), "left_out": left_out, "near_copies": len(texts) - len(set(groups.tolist())), **measured}
    return Model(tuple(names), tuple(index), idf.astype(np.float32), weights.astype(np.float32), stack, card)


def _usable(texts: Sequence[str], labels: Sequence[str]) -> tuple[list[str], list[str], dict[str, int]]:
    """Rows with a text and a label, each text once. One text under two labels keeps the commoner."""
    votes: dict[str, Counter[str]] = {}
    left_out = Counter[str]()
    for text, label in zip(texts, labels, strict=True):
        if not text.strip() or not label.strip():
            left_out["empty"] += 1
            continue
        if text.strip() in votes:
            left_out["repeated"] += 1
        votes.setdefault(text.strip(), Counter())[label.strip()] += 1
    kept = [(text, vote.most_common(1)[0][0]) for text, vote in votes.items()]
    if len(kept) < FEWEST_ROWS or len({label for _, label in kept}) < 2:
        raise CannotTrain(
            f"只有 {len(kept)} 行可用、{len({label for _, label in kept})} 个类别;至少要 {FEWEST_ROWS} 行、两个类别。 "
            f"Too little to learn from: at least {FEWEST_ROWS} different texts under at least two labels are needed."
        )
    return [text for text, _ in kept], [label for _, label in kept], dict(left_out)


def _counts(texts: Sequence[str], shared_by: int) -> tuple[sp.csr_matrix, dict[str, int]]:
    counted = [Counter(grams(text)) for text in texts]
    seen = Counter(gram for one in counted for gram in one)
    index = {gram: place for place, gram in enumerate(sorted(gram for gram, n in seen.items() if n >= shared_by))}
    indices: list[int] = []
    values: list[int] = []
    pointers = [0]
    for one in counted:
        for gram, times in one.items():
            if gram in index:
                indices.append(index[gram])
                values.append(times)
        pointers.append(len(indices))
    shape = (len(texts), max(1, len(index)))
    return sp.csr_matrix((1 + np.log(np.array(values, np.float64)), indices, pointers), shape=shape), index


def _rows(counts: sp.csr_matrix, idf: Floats) -> sp.csr_matrix:
    """Weighed and of unit length."""
    weighed = counts @ sp.diags(idf)
    lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    return (sp.diags(1 / np.maximum(lengths, 1e-12)) @ weighed).tocsr()


def _idf(counts: sp.csr_matrix, wanted: Ints, size: int) -> Floats:
    """Rare pieces weigh more, and so do those that the labels use unevenly (spread of their smoothed log shares)."""
    there = counts.astype(bool).astype(np.float64)
    belongs = sp.csr_matrix((np.ones(len(wanted)), (wanted, np.arange(len(wanted)))), shape=(size, len(wanted)))
    by_label = np.asarray((belongs @ there).todense())
    total = by_label.sum(axis=0)
    rows = np.bincount(wanted, minlength=size)[:, None]
    share = (by_label + total / len(wanted) / 2 + 0.1) / (rows + 1)
    idf = np.log((1 + len(wanted)) / (1 + total)) + 1
    found: Floats = np.where(total >= SEEN_IN, idf * np.log(share).std(axis=0) ** UNEVEN, 0)
    return found


def _fit(counts: sp.csr_matrix, wanted: Ints, size: int) -> tuple[Floats, Floats]:
    """Weights of all labels at once, by conjugate gradients on (X Xᵀ + λ) α = Y; the weights are Xᵀ α."""
    idf = _idf(counts, wanted, size)
    rows = _rows(counts, idf)
    turned = rows.T.tocsr()
    target = np.where(wanted[:, None] == np.arange(size), 1.0, -1.0)
    alpha = np.zeros_like(target)
    rest = target.copy()
    way = rest.copy()
    power = (rest * rest).sum(axis=0)
    for _ in range(STEPS):
        pushed = rows @ (turned @ way) + RIDGE * way
        reach = power / np.maximum((way * pushed).sum(axis=0), 1e-30)
        alpha += reach * way
        rest -= reach * pushed
        next_power = (rest * rest).sum(axis=0)
        way = rest + next_power / np.maximum(power, 1e-30) * way
        power = next_power
    return idf, np.asarray(turned @ alpha)


def _stack(scores: Floats, wanted: Ints) -> Floats:
    """Multinomial logistic regression from honest scores to chances; starts at the scores themselves."""
    size = scores.shape[1]
    given = np.hstack([scores, np.ones((len(scores), 1))])
    target = (wanted[:, None] == np.arange(size)).astype(float)
    start = np.vstack([np.eye(size) * 3, np.zeros((1, size))])

    def loss(flat: Floats) -> tuple[float, Floats]:
        stack = flat.reshape(size + 1, size)
        logs = log_softmax(given @ stack, axis=1)
        away = stack - start
        value = -(target * logs).sum() / len(given) + STACK_RIDGE * float((away * away).sum())
        slope = given.T @ (np.exp(logs) - target) / len(given) + 2 * STACK_RIDGE * away
        return value, slope.ravel()

    found: Floats = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B").x.reshape(size + 1, size)
    return found


def _nested(scores: Floats, wanted: Ints, fold: Ints) -> Floats:
    """Chances of each row from a calibration that saw neither it nor its near copies: what the card may claim."""
    chances: Any = np.zeros_like(scores)
    for number in range(FOLDS):
        test = fold == number
        if test.any() and not test.all():
            chances[test] = probabilities(scores[test], _stack(scores[~test], wanted[~test]))
    whole: Floats = chances
    return whole
