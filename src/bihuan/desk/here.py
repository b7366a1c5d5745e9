"""In which world somebody is: the real one, unless a door has let him into a drill (law 8).

A door for people (the console, the field pages) opens a world for the length of one request; all that ``desk.api``
does meanwhile happens there, unless it names a world itself. Outside of a request everybody is in the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from bihuan.desk.instant import REAL_WORLD

P = ParamSpec("P")
R = TypeVar("R")

_here: ContextVar[int] = ContextVar("world", default=REAL_WORLD)


def world() -> int:
    """The world that the present request is in."""
    return _here.get()


@contextmanager
def inside(number: int) -> Iterator[None]:
    """Everything within happens in that world, as far as it does not name another."""
    before = _here.set(number)
    try:
        yield
    finally:
        _here.reset(before)


def placed(door: Callable[P, R]) -> Callable[P, R]:
    """A function of the door that takes its ``world`` from where the caller is, unless he names one."""
    at = list(signature(door).parameters).index("world")

    @wraps(door)
    def opened(*args: P.args, **kwargs: P.kwargs) -> R:
        if len(args) <= at:
            kwargs.setdefault("world", _here.get())
        return door(*args, **kwargs)

    return opened
