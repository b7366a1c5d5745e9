"""By which numbers equal reports find one another, and how equal two of them are. Pure; no text leaves it readable.

A report has keyed hashes: of the cell of about 110 metres in which its point lies, of its address, and of bands over
the smallest hashes of its pairs of signs (min-hashing: two texts share a band the likelier, the more pairs they share).
Of its pairs the ``SKETCH`` smallest hashes are kept, from which the share of common pairs is estimated.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import unicodedata
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from bihuan.desk import keyring
from bihuan.desk.search_words import words

SKETCH = 96
BANDS, ROWS = 16, 2
LONGEST = 4000
LAT_STEP, LON_STEP = 0.001, 0.00115
FEWEST_WORDS = 4  # of fewer pairs nothing is concluded
STREET = 9
# Signs of grammar and courtesy: a pair of two of them says nothing of the matter.
EMPTY = frozenset(
    "的了是我们你您他她在有和就也都不没很请好这那个为与及或被把给到上下来去说要会能可以还吗呢吧啊得着过之其而但因所一"
)
NEAR, SAME_SPOT = 120.0, 40.0
METRES_A_DEGREE = 111_195.0
WITHIN = timedelta(days=60)
SILENT_WITHIN = timedelta(days=30)  # where there are no words, only so long


@dataclass(frozen=True)
class Told:
    """What is compared of a report. ``size``: how many pairs it has, ``sketch``: the smallest of their hashes."""

    category: str
    place: str
    lon: float | None
    lat: float | None
    size: int
    sketch: frozenset[int]
    address: int | None = None


@dataclass(frozen=True)
class Alike:
    """How equal, and by what. ``metres``: between the two points, ``shared``: hashes of pairs that both have."""

    score: float
    metres: float | None
    same_address: bool
    same_place: bool
    same_category: bool
    text: float | None
    shared: frozenset[int]


class Hasher:
    """The keyed hash of one moment; making it reads the keyring once."""

    def __init__(self) -> None:
        self._key = hmac.digest(keyring.code_key(), b"equal", "sha256")

    def of(self, name: str) -> int:
        return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4, key=self._key).digest(), signed=True)

    def pairs(self, text: str) -> dict[int, str]:
        """The hashes of what a text says, with the words behind them."""
        said = (word for word in words(text[:LONGEST]) if not EMPTY.issuperset(word))
        return {self.of(f"w {word}"): word for word in said}


@dataclass(frozen=True)
class Matter:
    """What somebody reports or has reported. ``but``: cases that are not meant: itself, its parts."""

    text: str = ""
    address: str = ""
    category: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    but: tuple[UUID, ...] = ()


def told(hasher: Hasher, one: Matter) -> Told:
    pairs = sorted(hasher.pairs(one.text), key=_order)
    where = tidy_address(one.address)
    key = hasher.of(f"a {one.place[:STREET]} {where}") if len(where) > 3 else None
    return Told(one.category, one.place, one.lon, one.lat, len(pairs), frozenset(pairs[:SKETCH]), key)


def tidy_address(address: str) -> str:
    plain = unicodedata.normalize("NFKC", address).casefold()
    return "".join(sign for sign in plain if sign.isalnum())


def _order(number: int) -> int:
    """Another order than that of the numbers, or the smallest would all begin with the sign bit."""
    return (number * 2654435761) & 0xFFFFFFFF


def keys(hasher: Hasher, one: Told, *, around: bool = False) -> tuple[list[int], list[int]]:
    """By what it is found: by its spot, and by its words and its address. ``around``: the cells around it too."""
    spots = []
    if one.lon is not None and one.lat is not None:
        column, row = math.floor(one.lon / LON_STEP), math.floor(one.lat / LAT_STEP)
        steps = (-1, 0, 1) if around else (0,)
        spots = [hasher.of(f"c {column + x} {row + y}") for x in steps for y in steps]
    own = [hasher.of(f"t {one.place[:STREET]} {band} {low}") for band, low in _bands(one)]
    return spots, own + ([one.address] if one.address is not None else [])


def _bands(one: Told) -> Iterable[tuple[int, str]]:
    """For each band the smallest pairs in an order of its own."""
    if one.size < FEWEST_WORDS:
        return []
    found = []
    for band in range(BANDS):
        low = []
        for row in range(ROWS):
            factor = 2 * (band * ROWS + row) * 0x9E3779B1 + 0x85EBCA6B | 1
            low.append(min((number * factor ^ (number >> 13) * 0xC2B2AE35) & 0xFFFFFFFF for number in one.sketch))
        found.append((band, f"{low[0]}-{low[1]}"))
    return found


def pack(sketch: Iterable[int]) -> bytes:
    return array("i", sorted(sketch)).tobytes()


def unpack(data: bytes) -> frozenset[int]:
    found = array("i")
    found.frombytes(data)
    return frozenset(found)


def compare(
    one: Told, other: Told, age: timedelta, common: frozenset[int] = frozenset(), spot: float = SAME_SPOT
) -> Alike | None:
    """How equal two reports are, ``age`` apart; ``None`` where not equal enough to be shown.

    ``common``: hashes that many of those near by have; they count little. Words decide where both have them, and need
    to share the less the nearer the places are; without words the same spot (so many metres) must do, for a shorter
    time.
    """
    far = metres(one, other)
    same_address = one.address is not None and one.address == other.address
    same_category = bool(one.category) and one.category == other.category
    same_place = bool(one.place) and one.place == other.place
    shared = one.sketch & other.sketch
    text = None
    if one.size >= FEWEST_WORDS and other.size >= FEWEST_WORDS:
        text = _share(one, other, shared, common)
    if text is not None:
        is_near = same_address or (far is not None and far <= NEAR)
        least: float | None = _least(
            is_near=is_near, is_far=far is not None, same_place=same_place, same_category=same_category
        )
    else:
        is_other = None not in {one.address, other.address} and not same_address
        is_spot = far is not None and far <= spot and not is_other
        least = _silent(same_address=same_address, is_spot=is_spot, same_category=same_category)
    if least is None or age > (WITHIN if text is not None else SILENT_WITHIN):
        return None
    if text is not None and text < least:
        return None
    score = (text - least) / (1 - least) if text is not None else least
    return Alike(score, far, same_address, same_place, same_category, text, shared)


def _least(*, is_near: bool, is_far: bool, same_place: bool, same_category: bool) -> float:
    """How much the texts must share."""
    if is_near:
        return 0.14 if same_category else 0.18
    if is_far:
        return 0.55 if same_place else 0.7
    return 0.24 if same_place else 0.4


def _silent(*, same_address: bool, is_spot: bool, same_category: bool) -> float | None:
    """How equal the spot alone makes two reports of which one has no words."""
    if same_address:
        return 0.8 if same_category else 0.5
    return 0.6 if is_spot and same_category else None


def _share(one: Told, other: Told, shared: frozenset[int], common: frozenset[int]) -> float:
    """Cosine of the two sets of pairs, estimated from the smallest hashes of both."""
    most = sorted(one.sketch | other.sketch, key=_order)[:SKETCH]
    whole = one.size <= SKETCH and other.size <= SKETCH
    inside = shared if whole else shared.intersection(most)
    weight = len(inside) - 0.7 * len(inside & common)
    if whole:
        return weight / math.sqrt(one.size * other.size)
    jaccard = weight / len(most)
    both = jaccard * (one.size + other.size) / (1 + jaccard)
    return min(1.0, both / math.sqrt(one.size * other.size))


def metres(one: Told, other: Told) -> float | None:
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return None
    east = (one.lon - other.lon) * math.cos(math.radians(one.lat))
    return math.hypot(east, one.lat - other.lat) * METRES_A_DEGREE


def common_of(sketches: Sequence[frozenset[int]]) -> frozenset[int]:
    """What more than an eighth of those near by say: the name of the place, the phrases of the season."""
    if len(sketches) < 16:
        return frozenset()
    counted: dict[int, int] = {}
    for sketch in sketches:
        for one in sketch:
            counted[one] = counted.get(one, 0) + 1
    least = len(sketches) / 8
    return frozenset(one for one, times in counted.items() if times > least)
