"""Which texts are nearly the same: copies of one letter must not stand on both sides of a measurement."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from bihuan.sense.suggest.grams import units

SAME = 0.5  # cosine of the shared runs of four characters
RUN = 4
COMMONEST = 60  # a run in more texts than this is a phrase of the office, no sign of a copy
SLICE = 512


def near_groups(texts: Sequence[str]) -> npt.NDArray[np.intp]:
    """A number for each text; those that are nearly the same, directly or in a chain, share it."""
    rows = _runs(texts)
    pairs_left, pairs_right = [], []
    turned = rows.T.tocsr()
    for start in range(0, rows.shape[0], SLICE):
        alike = (rows[start : start + SLICE] @ turned).tocoo()
        is_same = alike.data >= SAME
        pairs_left.append(alike.row[is_same] + start)
        pairs_right.append(alike.col[is_same])
    left, right = np.concatenate(pairs_left), np.concatenate(pairs_right)
    links = sp.coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(len(texts), len(texts)))
    groups: npt.NDArray[np.intp] = connected_components(links, directed=False)[1].astype(np.intp)
    return groups


def folds(texts: Sequence[str], groups: npt.NDArray[np.intp], count: int, seed: int) -> npt.NDArray[np.intp]:
    """A fold for each text, the same on every machine: a group goes where its first text's digest says."""
    first: dict[int, str] = {}
    for text, group in zip(texts, groups.tolist(), strict=True):
        first[group] = min(text, first.get(group, text))
    place = {
        group: int.from_bytes(hashlib.sha256(f"{seed}\n{text}".encode("utf-8", "replace")).digest()[:8], "big") % count
        for group, text in first.items()
    }
    return np.array([place[group] for group in groups.tolist()], np.intp)


def _runs(texts: Sequence[str]) -> sp.csr_matrix:
    """Unit rows over runs of four units. A text shorter than a run is one run of its own."""
    counted = [_runs_of(text) for text in texts]
    seen = Counter(run for runs in counted for run in runs)
    index = {run: place for place, run in enumerate(run for run, times in seen.items() if 1 < times <= COMMONEST)}
    indices, pointers, values = [], [0], []
    for runs in counted:
        length = max(1, len(runs)) ** 0.5
        kept = [index[run] for run in runs if run in index]
        indices += kept
        values += [1 / length] * len(kept)
        pointers.append(len(indices))
    shape = (len(counted), max(1, len(index)))
    return sp.csr_matrix((np.array(values, np.float32), np.array(indices, np.intp), pointers), shape=shape)


def _runs_of(text: str) -> set[str]:
    single = units(text)
    return {" ".join(single[start : start + RUN]) for start in range(max(1, len(single) - RUN + 1))}
