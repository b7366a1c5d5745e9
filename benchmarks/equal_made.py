"""Reports and their duplicates, made from real texts by a seed. Fixed before anything was tuned on it.

A district of 20 by 20 km: 400 communities of a square kilometre, four to a street, 30,000 addresses at which two thirds
of the reports come in. A duplicate is the same matter told by somebody else: clauses left out and swapped, words
dropped and swapped, typing errors, now and then only its beginning; the place shifted by some tens of metres, or named
by its community alone, which may be the neighbouring one; days later; under no category or another. A fresh report is a
real text that is not in the pool; half of them at the address of one that is, and under its category.
"""

import random
import re
from dataclasses import dataclass, replace

WEST, SOUTH, SIDE = 106.30, 29.50, 20  # kilometres
EAST_KM, NORTH_KM = 1 / 96.5, 1 / 110.9  # degrees a kilometre at this latitude
ADDRESSES = 30_000
DAYS = 60.0
CATEGORIES = tuple(f"k{number:02}" for number in range(40))
CLAUSE = re.compile(r"[^,.;:!?,。;:!?、\n]+[,.;:!?,。;:!?、\n]*")


@dataclass(frozen=True)
class Made:
    """``age``: days before now. ``original``: of a duplicate, the number of the report in the pool."""

    text: str
    category: str
    place: str
    lon: float | None
    lat: float | None
    age: float
    original: int | None = None


def community(x: float, y: float) -> str:
    """The code of the square: street (two by two squares), then community."""
    column, row = (min(SIDE - 1, max(0, int(value))) for value in (x, y))
    street = (row // 2) * (SIDE // 2) + column // 2
    return f"500103{100 + street:03}{1 + (row % 2) * 2 + column % 2:03}"


def spot(chance: random.Random, addresses: list[tuple[float, float]]) -> tuple[float, float]:
    """Kilometres east and north."""
    if chance.random() < 2 / 3:
        x, y = chance.choice(addresses)
        return x + chance.gauss(0, 0.008), y + chance.gauss(0, 0.008)
    return chance.uniform(0, SIDE), chance.uniform(0, SIDE)


def addresses_of(chance: random.Random) -> list[tuple[float, float]]:
    return [(chance.uniform(0, SIDE), chance.uniform(0, SIDE)) for _ in range(ADDRESSES)]


def report(chance: random.Random, text: str, at: tuple[float, float], *, with_point: bool = True) -> Made:
    lon, lat = (WEST + at[0] * EAST_KM, SOUTH + at[1] * NORTH_KM) if with_point else (None, None)
    return Made(text, chance.choice(CATEGORIES), community(*at), lon, lat, chance.uniform(0, DAYS))


def mixed(chance: random.Random, texts: list[str]) -> str:
    """A text that nobody wrote: clauses of three that people wrote. Fills a pool beyond what there is."""
    clauses = [clause for text in chance.sample(texts, 3) for clause in CLAUSE.findall(text[:400])]
    return "".join(chance.sample(clauses, min(len(clauses), chance.randint(2, 8))))


def duplicate(chance: random.Random, made: Made, number: int, signs: str) -> Made:
    """The same matter told again by somebody else, between an hour and two weeks later."""
    text = corrupt(chance, made.text, signs)
    age = max(0.0, made.age - min(14.0, 0.04 + chance.expovariate(1 / 4)))
    category = made.category
    if chance.random() < 0.2:
        category = chance.choice(("", chance.choice(CATEGORIES)))
    found = replace(made, text=text, age=age, category=category, original=number)
    if made.lon is None or made.lat is None or chance.random() < 0.2:
        place = made.place
        if chance.random() < 0.1:
            x, y = _kilometres(made)
            place = community(x + chance.choice((-1, 1)), y)
        return replace(found, lon=None, lat=None, place=place)
    x, y = _kilometres(made)
    x, y = x + chance.gauss(0, 0.03), y + chance.gauss(0, 0.03)
    return replace(found, lon=WEST + x * EAST_KM, lat=SOUTH + y * NORTH_KM, place=community(x, y))


def _kilometres(made: Made) -> tuple[float, float]:
    if made.lon is not None and made.lat is not None:
        return (made.lon - WEST) / EAST_KM, (made.lat - SOUTH) / NORTH_KM
    street, own = int(made.place[6:9]) - 100, int(made.place[9:]) - 1
    return street % (SIDE // 2) * 2 + own % 2 + 0.5, street // (SIDE // 2) * 2 + own // 2 + 0.5


def fresh(chance: random.Random, text: str, pool: list[Made], addresses: list[tuple[float, float]]) -> Made:
    """Something new; half of them where something else is open already, under its category."""
    with_point = chance.random() < 0.8
    if chance.random() < 0.5:
        near = chance.choice(pool)
        x, y = _kilometres(near)
        at = (x + chance.gauss(0, 0.03), y + chance.gauss(0, 0.03))
        return replace(report(chance, text, at, with_point=with_point), category=near.category, age=0.0)
    return replace(report(chance, text, spot(chance, addresses), with_point=with_point), age=0.0)


def corrupt(chance: random.Random, text: str, signs: str) -> str:
    """Clauses, then words of two signs, then single signs."""
    clauses = CLAUSE.findall(text) or [text]
    kept = [clause for clause in clauses if len(clauses) < 3 or chance.random() > 0.2] or clauses[:1]
    for at in range(len(kept) - 1):
        if chance.random() < 0.2:
            kept[at], kept[at + 1] = kept[at + 1], kept[at]
    if chance.random() < 0.1:
        kept = kept[: max(1, len(kept) // 2)]
    return "".join(_misspelt(chance, _dropped(chance, clause), signs) for clause in kept)


def _dropped(chance: random.Random, clause: str) -> str:
    words = [clause[at : at + 2] for at in range(0, len(clause), 2)]
    words = [word for word in words if chance.random() > 0.1] or words
    for at in range(len(words) - 1):
        if chance.random() < 0.05:
            words[at], words[at + 1] = words[at + 1], words[at]
    return "".join(words)


def _misspelt(chance: random.Random, clause: str, signs: str) -> str:
    found = []
    for sign in clause:
        luck = chance.random()
        if luck < 0.015:
            found.append(chance.choice(signs))
        elif luck < 0.022:
            found += [sign, sign]
        elif luck >= 0.03:
            found.append(sign)
    return "".join(found)
