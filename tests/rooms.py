"""A small district at work through the real door: the cast as actors, the city's rulebook in the database."""

import uuid

from bihuan.desk import api, instant, rulebooks
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof
from bihuan.testing import books, cast

PURPOSE = "处置 handle"


def actor(person, unit=None):
    """The same person always has the same reference."""
    ref = str(uuid.uuid5(uuid.NAMESPACE_OID, person.name)) if person.name != "system" else "system"
    return api.Actor(ref, person.unit if unit is None else unit, person.roles)


def stranger():
    return api.Actor(str(uuid.uuid4()), "nowhere", frozenset({"handler"}))


def install(book=None):
    rulebooks.forget()
    return rulebooks.import_book(book or books.city(), by="test", at=instant.now(1))


def report(by=cast.LIN, category="manhole", place="500103010", text="人行道井盖松动", key=None, **more):
    intake = api.Intake(category, place, "portal", {"text": text}, **more)
    who = api.ANONYMOUS if by is None else actor(by)
    return api.report(intake, by=who, purpose="反映 report", key=key)


def act(case, command, by, **more):
    return api.submit(command, by=actor(by), case=case, purpose=PURPOSE, **more)


def dispatched(**wanted):
    case = report(**wanted).case
    act(case, c.Accept(), cast.ZHOU)
    act(case, c.Dispatch(), cast.ZHOU)
    return case


def answered(**wanted):
    case = dispatched(**wanted)
    act(case, c.FinishTask(1, (Proof("photo_after", "p1"),)), cast.WEI)
    return case


def closed(**wanted):
    case = answered(**wanted)
    act(case, c.Verify(accept=True), cast.SU)
    return case
