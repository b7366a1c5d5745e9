"""Several sensors near one another: raised when so many of them are (one: OR; all: AND)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from bihuan.sense.detect.stream import Ints, Marks

Longs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Group:
    """``needed`` of the ``members`` must be raised at the same time; no number: all of them."""

    members: tuple[int, ...]
    needed: int | None = None


@dataclass(frozen=True)
class Turned:
    """Groups in the order in which they were raised (1) or lowered (-1), with the number of the reading that did it."""

    groups: Longs
    marks: Marks
    readings: Longs


def near(places: npt.ArrayLike, radius: float, needed: int) -> tuple[Group, ...]:
    """A group around each place that has ``needed`` or more within ``radius``, itself with them; each set once."""
    at = np.asarray(places, dtype=np.float64)
    found = cKDTree(at).query_ball_point(at, radius)
    return tuple(
        Group(members, needed)
        for members in dict.fromkeys(tuple(sorted(one)) for one in found)
        if len(members) >= needed
    )


class Together:
    """``take`` the marks of one detector, batch by batch; ``raised``: how many members of each group are."""

    def __init__(self, sensors: int, groups: Sequence[Group]) -> None:
        size = [len(set(group.members)) for group in groups]
        self._needed = np.array(
            [one if group.needed is None else group.needed for one, group in zip(size, groups, strict=True)],
            dtype=np.int64,
        )
        if any(not 1 <= needed <= most for needed, most in zip(self._needed, size, strict=True)):
            raise ValueError("a group needs at least one member raised, and at most as many as it has")
        pairs = [(member, at) for at, group in enumerate(groups) for member in set(group.members)]
        member, group = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
        if len(member) and (member[0] < 0 or member[-1] >= sensors):
            raise ValueError(f"members are numbers from 0 to {sensors - 1}")
        self._groups = group
        self._begins = np.searchsorted(member, np.arange(sensors + 1))
        self.raised = np.zeros(len(groups), dtype=np.int64)

    def take(self, ids: Ints, marks: Marks) -> Turned:
        reading = np.flatnonzero(marks)
        first, number = self._begins[ids[reading]], np.diff(self._begins)[ids[reading]]
        many = np.repeat(np.arange(len(reading)), number)
        within = np.arange(len(many)) - np.repeat(np.cumsum(number) - number, number)
        group, step = self._groups[first[many] + within], marks[reading][many].astype(np.int64)
        order = np.argsort(group, kind="stable")
        group, step, many = group[order], step[order], many[order]
        total = np.cumsum(step)
        begins = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]])) if len(group) else np.zeros(0, int)
        before = np.repeat(total[begins] - step[begins], np.diff(np.append(begins, len(group))))
        after = self.raised[group] + total - before
        is_on, was_on = after >= self._needed[group], after - step >= self._needed[group]
        np.add.at(self.raised, group, step)
        turned = np.flatnonzero(is_on != was_on)
        turned = turned[np.argsort(many[turned], kind="stable")]
        marked = np.where(is_on[turned], 1, -1).astype(np.int8)
        return Turned(group[turned], marked, reading[many[turned]])
