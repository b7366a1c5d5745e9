"""Letters to staff: gathered, at most one a minute and way, tried again, none lost, nothing sealed in them."""

import re
import smtplib
import time
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid5
from zoneinfo import ZoneInfo

import pytest

import feeding
import page_district
import rooms
from bihuan.adapters.telling import Ways
from bihuan.desk import api, feed, instant, ports, ticker, vault
from bihuan.desk.actor import SYSTEM
from bihuan.desk.notices import plan, send
from bihuan.kernel import commands as c
from bihuan.kernel.case import Seal
from bihuan.kernel.rules import Route
from bihuan.testing import books, cast
from postbox import free_port, opened
from receiver import Receiver

ME = str(page_district.person("wei"))


@pytest.fixture
def postbox(settings):
    with opened(settings) as box:
        yield box


@pytest.fixture
def district(clean_db, settings, tmp_path, monkeypatch):
    page_district.build()
    settings.DATA = tmp_path
    settings.NOTICE_SERVICES = ["json", "wecombot"]
    settings.WEBHOOK_ALLOWED = ["127.0.0.0/8"]
    monkeypatch.setattr(ports, "_teller", lambda: Ways(settings))
    return page_district


def tell_all():
    feed.settle()
    while plan.step():
        pass
    sender = send.Sender()
    while sender.step():
        pass


def a_minute_later():
    feeding.rows(
        "UPDATE notice_way SET last_try = last_try - interval '1 minute', last_sent = last_sent - interval '1 minute'"
    )


def all_day():
    """Quiet for every minute of the day but one that is far from now."""
    now = instant.wall().astimezone(ZoneInfo("Asia/Shanghai"))
    far = (now.hour * 60 + now.minute + 720) % 1440
    return (far + 1) % 1440, far


def come_due():
    a_minute_later()
    feeding.rows("UPDATE notice_letter SET next_try = now() WHERE next_try IS NOT NULL")


def report(**more):
    return api.report(
        api.Intake("manhole", page_district.PLACE, "portal", {"text": "独一无二的一句话"}, **more),
        by=api.reporter(str(page_district.person("resident"))), purpose="反映",
    )  # fmt: skip


def an_order(**more):
    """A case that is now on the table of the City Management Bureau."""
    made = report(**more)
    zhou = api.Actor(str(page_district.person("zhou")), cast.CENTRE, cast.ZHOU.roles)
    for command in (c.Accept(), c.Dispatch()):
        api.submit(command, by=zhou, case=made.case, purpose="派遣")
    return made


def test_a_letter_comes_by_mail(district, postbox):
    api.notices.add(page_district.person("wei"), "mail", "wei@example.org")
    made = an_order()
    tell_all()
    ((_, title, text, _),) = postbox.got
    assert title == f"闭环：新任务，请接单 {made.number}"
    assert "井盖缺损" in text
    assert "独一无二" not in text
    tell_all()
    assert len(postbox.got) == 1


def test_a_letter_comes_by_a_service_of_apprise(district):
    with Receiver() as receiver:
        api.notices.add(page_district.person("wei"), "service", receiver.url.replace("http:", "json:"))
        made = an_order()
        tell_all()
        (body,) = receiver.bodies()
    assert str(made.number) in body["message"]


def test_a_service_reaches_no_private_address_unless_allowed(district, settings):
    settings.WEBHOOK_ALLOWED = []
    with pytest.raises(api.notices.BadWay, match="not a public address"):
        api.notices.add(page_district.person("wei"), "service", "json://127.0.0.1:9/x")
    with pytest.raises(api.notices.BadWay, match="json, wecombot"):
        api.notices.add(page_district.person("wei"), "service", "syslog://127.0.0.1")


def test_of_a_sealed_case_number_and_date_leave(district, postbox):
    api.notices.add(page_district.person("wei"), "mail", "wei@example.org")
    made = an_order(seal="L2")
    tell_all()
    ((_, title, text, _),) = postbox.got
    assert str(made.number) in title
    assert "井盖" not in title + text


def test_what_was_sealed_or_seen_meanwhile_does_not_leave(district, postbox):
    api.notices.add(page_district.person("wei"), "mail", "wei@example.org")
    hidden, seen = an_order(), an_order()
    feed.settle()
    while plan.step():
        pass
    feeding.rows("UPDATE case_row SET barred = %s::jsonb WHERE id = %s", [f'["{cast.CHENGGUAN}"]', hidden.case])
    feeding.rows("UPDATE notice SET seen = now() WHERE case_id = %s", [seen.case])
    tell_all()
    assert postbox.got == []
    assert feeding.rows("SELECT sent IS NOT NULL FROM notice_letter") == [(True,)]


def test_quiet_hours_hold_back_what_is_not_urgent(district, postbox):
    wei = page_district.person("wei")
    api.notices.add(wei, "mail", "wei@example.org")
    api.notices.set_wish(wei, api.notices.Wish(*all_day()))
    before = an_order()
    tell_all()
    assert postbox.got == []
    feeding.rows("UPDATE notice SET is_urgent = true")
    tell_all()
    assert str(before.number) in postbox.got[0][1]


def test_a_way_that_is_down_waits_and_the_spare_tells_meanwhile(district, settings, postbox):
    wei, port = page_district.person("wei"), settings.EMAIL_PORT
    with Receiver() as receiver:
        api.notices.add(wei, "mail", "wei@example.org")
        api.notices.add(wei, "service", receiver.url.replace("http:", "json:"), is_spare=True)
        settings.EMAIL_PORT = free_port()
        an_order()
        tell_all()
        assert len(receiver.got) == 1
        down, spare = api.notices.of(wei)
        assert (down.failing_since is not None, down.waiting, spare.failing_since) == (True, 1, None)
        assert "refused" in down.last_error.lower()
        assert down.next_try > instant.wall() + timedelta(seconds=30)
        settings.EMAIL_PORT = port
        come_due()
        tell_all()
        assert len(postbox.got) == 1
        assert api.notices.of(wei)[0].failing_since is None
        an_order()
        come_due()
        tell_all()
        assert (len(postbox.got), len(receiver.got)) == (2, 1)


def test_a_sender_that_dies_repeats_the_letter_under_its_key(district, postbox, settings):
    class Dying(Ways):
        def tell(self, kind, address, letter):
            super().tell(kind, address, letter)
            raise KeyboardInterrupt

    api.notices.add(page_district.person("wei"), "mail", "wei@example.org")
    an_order()
    feed.settle()
    plan.step()
    with pytest.raises(KeyboardInterrupt):
        send.Sender(Dying(settings)).step()
    tell_all()
    assert len(postbox.got) == 1  # not before its lease is over
    come_due()
    tell_all()
    first, second = postbox.got
    assert first[3] == second[3]


def test_two_senders_hand_over_each_letter_once(district, postbox):
    for account in ("wei", "gu", "zhou", "feng"):
        api.notices.add(page_district.person(account), "mail", f"{account}@example.org")
    an_order()
    report()
    feed.settle()
    plan.step()
    feeding.in_threads(send.Sender().step, send.Sender().step)
    tell_all()
    assert Counter(one[0] for one in postbox.got) == Counter(f"{a}@example.org" for a in ("wei", "zhou", "feng"))


def test_erasing_a_person_erases_where_he_was_told(district, postbox):
    wei = page_district.person("wei")
    api.notices.add(wei, "mail", "wei@example.org")
    assert not feeding.rows("SELECT 1 FROM notice_way WHERE address LIKE '%%example%%'")
    vault.erase_person(wei, by=SYSTEM, reason="left", at=instant.wall())
    an_order()
    tell_all()
    assert postbox.got == []
    assert api.notices.of(wei) == []


def test_without_a_mail_server_nobody_is_promised_mail(district, settings):
    settings.EMAIL_HOST = ""
    with pytest.raises(api.notices.BadWay, match="BIHUAN_MAIL"):
        api.notices.add(page_district.person("wei"), "mail", "wei@example.org")
    assert smtplib.SMTPException


# -- the storm

UNITS, EACH, CASES = 50, 10, 5000


def storm_district():
    """Fifty units of ten, and a rulebook that sends each place to its unit at once."""
    here = [api.organisation.UnitSpec(f"u{n:02}", f"单位{n}", "department", "district") for n in range(UNITS)]
    api.organisation.found_units(here)
    people = [
        api.organisation.PersonSpec(uuid5(page_district.SPACE, f"s{n}"), f"演示{n}", ((f"u{n // EACH:02}", "handler"),))
        for n in range(UNITS * EACH)
    ]
    api.organisation.found_staff(people, since=date(2020, 1, 1))
    routes = tuple(Route(f"r{n}", "", f"5001030{n:02}", f"u{n:02}", basis="b") for n in range(UNITS))
    rooms.install(
        replace(
            books.city(), version="storm", effective=date(2025, 2, 1), routes=routes, ladder=(), seal=Seal.L1,
            accept_on_register=True, dispatch_on_accept=True,
        )
    )  # fmt: skip
    return [one.id for one in people]


def test_a_storm_is_one_letter_a_minute_each_and_nothing_is_lost(district, postbox, monkeypatch):
    staff = storm_district()
    made = api.report_many(
        [api.Intake("manhole", f"5001030{n % UNITS:02}", "import", {"text": "井盖"}) for n in range(CASES)],
        by=api.SYSTEM, purpose="storm",
    )  # fmt: skip
    assert sum(1 for _ in made) == CASES
    feed.settle()
    while plan.step():
        pass
    feeding.rows("UPDATE notice SET seen = now()")
    for n, person in enumerate(staff):
        api.notices.add(person, "mail", f"s{n}@example.org")
    later = instant.wall() + timedelta(days=60)
    with monkeypatch.context() as patch:
        patch.setattr(instant, "wall", lambda: later)
        while ticker.tick_all(500):
            pass
    feed.settle()
    begun = time.monotonic()
    half = CASES // 1000
    for _ in range(half):
        plan.step()
    sender = send.Sender()
    while sender.step():
        pass
    while plan.step():
        pass
    while sender.step():
        pass
    took = time.monotonic() - begun
    first = Counter(one[0] for one in postbox.got)
    minutes = int(took // 60)  # a slow machine may have been at it for more than one
    assert set(first.values()) <= set(range(1, 2 + minutes))
    a_minute_later()
    while sender.step():
        pass
    got = Counter(one[0] for one in postbox.got)
    assert (len(got), max(got.values()) <= 2 + minutes) == (len(staff), True)
    told = Counter()
    for address, title, _, _ in postbox.got:
        told[address] += int(re.search(r"(\d+) 条", title)[1]) if "条" in title else 1
    assert set(told.values()) == {CASES // UNITS}
    assert feeding.rows("SELECT count(*), count(DISTINCT case_id) FROM notice WHERE kind = 'overdue'") == [
        (CASES * EACH, CASES)
    ]
