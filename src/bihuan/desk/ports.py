"""What the desk asks of the outside. Wiring chooses an adapter for each port and fills it at the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from bihuan.desk.names import UnitName
from bihuan.kernel.case import Stage
from bihuan.kernel.rules import Rulebook

# Finds a client program of PostgreSQL (pg_dump, pg_restore) by its name.
FindTool = Callable[[str], Path]
MakeNotifier = Callable[[], "Notifier"]
MakePoster = Callable[[], "Poster"]
MakeTeller = Callable[[], "Teller"]
MakeSceneKit = Callable[[], "SceneKit"]
# Told how far a long work has come: done, of how many (0: not known).
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Message:
    """One message or order. ``key`` is the same at every attempt: whoever receives it twice takes it once.

    ``to``: a unit, a role of a unit (``role@unit``) or a person (``person:…``). ``body``: JSON with references only.
    """

    key: UUID
    world: int
    is_drill: bool
    district: str
    case: UUID
    kind: str
    to: str
    body: str
    created: datetime


class NotDelivered(Exception):
    """The message could not be handed over. ``for_good``: trying again would not help."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


class Notifier(Protocol):
    """Hands messages over, at least once, under their key. Called by several threads and processes."""

    def deliver(self, message: Message) -> None:
        """Return when the receiver has it. Raises ``NotDelivered``. A drill's message must say that it is one."""
        ...


@dataclass(frozen=True)
class Reply:
    """What a receiver of a webhook answered. ``retry_after``: seconds that it asks for, 0 for none."""

    status: int
    retry_after: int = 0


class Poster(Protocol):
    """Posts to addresses that somebody registered. Called by several threads at once."""

    def check(self, url: str) -> None:
        """Raises ``ValueError``, in words, for an address that will never be posted to."""
        ...

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Raises ``NotDelivered`` where there was no answer. Follows no redirect; ends within fifteen seconds."""
        ...


@dataclass(frozen=True)
class LetterLine:
    """One thing to tell somebody: its kind, the number of the case, its date. ``category``: none of a sealed case."""

    kind: str
    number: int
    is_urgent: bool
    due: datetime | None
    category: tuple[str, str] | None


@dataclass(frozen=True)
class Letter:
    """What one of the staff is told at once. ``lines``: the first of ``count``. ``key`` is the same at every try."""

    key: UUID
    language: str
    lines: tuple[LetterLine, ...]
    count: int
    is_test: bool = False


@dataclass(frozen=True)
class BulletinLine:
    """A case in a letter to a resident. ``category`` (Chinese, English) and ``place``: of public ones only."""

    number: int
    category: tuple[str, str] | None
    place: str
    stage: Stage


@dataclass(frozen=True)
class Bulletin:
    """A letter to a resident. ``token``: the secret of its links. ``asks``: confirm first; ``lines`` of ``count``."""

    key: UUID
    language: str
    token: str
    asks: bool
    ground: UnitName
    lines: tuple[BulletinLine, ...]
    count: int


class Teller(Protocol):
    """Tells a person by mail, a service or a telephone (``kind``: ``mail service push``). Called by several threads."""

    def check(self, kind: str, address: str) -> None:
        """Raises ``ValueError``, in words, for an address that nothing will ever be sent to."""
        ...

    def write(self, address: str, bulletin: Bulletin) -> None:
        """A letter to a resident, by mail. Raises ``NotDelivered`` as ``tell`` does."""
        ...

    def tell(self, kind: str, address: str, letter: Letter) -> None:
        """Return when the other side has it. Raises ``NotDelivered``; ``for_good``: the address is no more."""
        ...


@dataclass(frozen=True)
class Beat:
    """One moment of a virtual case. ``what``: kinds of events. ``clocks``: key, due instant, whether it was broken."""

    at: datetime
    what: tuple[str, ...]
    unit: str
    role: str
    stage: str
    steps: tuple[str, ...] = ()
    clocks: tuple[tuple[str, datetime, bool], ...] = ()


class SceneKit(Protocol):
    """What scene authors have: the checker, and somebody who plays a case."""

    def check(self, folder: Path, units: frozenset[str]) -> Sequence[tuple[str, str]]:
        """What is wrong with a scene folder: where, and what to do (Chinese / English)."""
        ...

    def play(self, book: Rulebook, world: int, ground: str, category: str, is_late: bool) -> Sequence[Beat]:
        """A case of ``category`` from the report to the close in ``world``, a simulation. Raises ``Stuck`` in words."""
        ...


class Stuck(RuntimeError):
    """A played case cannot go on: what was tried and why it was refused, as two texts."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


class NotFilled(RuntimeError):
    """A port that wiring left empty."""


_notifier: MakeNotifier | None = None
_find_tool: FindTool | None = None
_poster: MakePoster | None = None
_teller: MakeTeller | None = None
_scene_kit: MakeSceneKit | None = None


def fill(
    *,
    notifier: MakeNotifier,
    find_tool: FindTool,
    poster: MakePoster,
    teller: MakeTeller,
    scene_kit: MakeSceneKit,
) -> None:
    """Called once by wiring."""
    global _notifier, _find_tool, _poster, _teller, _scene_kit
    _notifier, _find_tool, _poster, _teller, _scene_kit = notifier, find_tool, poster, teller, scene_kit


def notifier() -> Notifier:
    if _notifier is None:
        raise NotFilled("no notifier: wiring has to fill the ports before a worker starts")
    return _notifier()


def poster() -> Poster:
    if _poster is None:
        raise NotFilled("no poster: wiring has to fill the ports before anything is posted")
    return _poster()


def teller() -> Teller:
    if _teller is None:
        raise NotFilled("no teller: wiring has to fill the ports before anybody is told")
    return _teller()


def scene_kit() -> SceneKit:
    if _scene_kit is None:
        raise NotFilled("no scene kit: wiring has to fill the ports before a scene is checked")
    return _scene_kit()


def find_tool(name: str) -> Path:
    if _find_tool is None:
        raise NotFilled(f"no way to find {name}: wiring has to fill the ports first")
    return _find_tool(name)
