"""Calendars: what an address shows, to whom, until when; and shifts that come from a file."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from icalendar import Calendar

import feeding
import page_district
from bihuan.desk import api
from bihuan.kernel import commands as c
from bihuan.testing import cast
from bihuan.wiring.discreet import mask

HOUR = timedelta(hours=1)
HERE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA = tmp_path


def post(browser, **fields):
    page = browser.get("/console/calendar").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    return browser.post("/console/calendar", {"csrfmiddlewaretoken": token, **fields}, follow=True)


def an_address(district, account="wei"):
    page = post(district.client(account), do="issue").content.decode()
    return re.search(r'id="address">http://[^/]+(/calendar/[^<]+)<', page)[1]


def events(district, address):
    answer = district.client().get(address)
    assert answer.headers["Content-Type"].startswith("text/calendar")
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


def an_order(**more):
    made = api.report(
        api.Intake("manhole", page_district.PLACE, "portal", {"text": "独一无二"}, **more),
        by=api.reporter(str(page_district.person("resident"))), purpose="反映",
    )  # fmt: skip
    zhou = api.Actor(str(page_district.person("zhou")), cast.CENTRE, cast.ZHOU.roles)
    for command in (c.Accept(), c.Dispatch()):
        api.submit(command, by=zhou, case=made.case, purpose="派遣")
    return made


def test_the_address_shows_shifts_and_due_dates(district):
    made, now = an_order(), api.now()
    shift = api.roster.Wanted(cast.CHENGGUAN, "handler", page_district.person("wei"), now, now + 8 * HOUR)
    api.roster.put([shift], by=api.SYSTEM)
    duty, due = events(district, an_address(district))
    assert (str(duty["summary"]), duty.decoded("dtstart")) == (
        "值班：处置员 · 区城市管理局",
        now.replace(microsecond=0),
    )
    assert str(due["summary"]) == f"到期：{made.number} · 井盖缺损"
    assert due.decoded("dtstart") > now


def test_of_a_sealed_case_number_and_date_alone_are_in_the_calendar(district):
    made = an_order(seal="L2")
    (due,) = events(district, an_address(district))
    assert str(due["summary"]) == f"到期：{made.number}"
    assert set(due) == {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"}


def test_a_revoked_address_and_a_wrong_one_are_the_same_nothing(district):
    address = an_address(district)
    (token,) = api.calendar_tokens.of(page_district.person("wei"))
    assert post(district.client("gu"), do="revoke", token=token.id).status_code == 422
    assert district.client().get(address).status_code == 200
    post(district.client("wei"), do="revoke", token=token.id)
    gone, wrong = district.client().get(address), district.client().get("/calendar/guessed.ics")
    assert (gone.status_code, wrong.status_code) == (404, 404)
    assert address.rpartition("/")[2] not in mask(f"Not Found: {address}")
    assert not feeding.rows("SELECT 1 FROM calendar_token WHERE encode(digest, 'escape') LIKE %s", [address[10:20]])


def test_who_left_the_unit_sees_its_dates_no_more(district):
    an_order()
    address = an_address(district)
    wei = page_district.person("wei")
    feeding.rows("UPDATE post SET unit_id = %s WHERE person_id = %s", [cast.ZHUJIAN, wei])
    assert events(district, address) == []
    feeding.rows("UPDATE post SET ends = %s WHERE person_id = %s", [date(2020, 1, 2), wei])
    assert district.client().get(address).status_code == 404


# -- in


def a_file(*entries):
    body = "\r\n".join(f"BEGIN:VEVENT\r\n{entry}\r\nEND:VEVENT" for entry in entries)
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{body}\r\nEND:VCALENDAR\r\n"
    return SimpleUploadedFile("duty.ics", text.encode())


def entry(uid, who, start, hours=8, *more):
    at = start.strftime("%Y%m%dT%H%M%S")
    until = (start + hours * HOUR).strftime("%Y%m%dT%H%M%S")
    return "\r\n".join([f"UID:{uid}", f"SUMMARY:{who} 值班", f"DTSTART:{at}", f"DTEND:{until}", *more])


def tomorrow(hour=8):
    at = datetime.now(HERE).replace(hour=hour, minute=0, second=0, microsecond=0)
    return at + timedelta(days=1)


def spans():
    return api.roster.of_unit(cast.CHENGGUAN, api.now() - timedelta(days=2), api.now() + timedelta(days=40))


def test_shifts_are_read_from_a_file(district):
    daily = entry("a", "魏然", tomorrow(), 8, "RRULE:FREQ=DAILY;COUNT=3")
    once = entry("b", "顾准", tomorrow(20), 12)
    page = post(district.client("gu"), do="read", role="handler", file=a_file(daily, once))
    assert "读进来了" in page.content.decode()
    assert [(one.name, one.starts.astimezone(HERE).hour) for one in spans()] == [
        ("魏然", 8), ("顾准", 20), ("魏然", 8), ("魏然", 8),
    ]  # fmt: skip


def test_read_again_it_replaces_what_is_to_come(district):
    head = district.client("gu")
    post(head, do="read", role="handler", file=a_file(entry("a", "魏然", tomorrow())))
    post(head, do="read", role="handler", file=a_file(entry("a", "魏然", tomorrow(10))))
    assert [one.starts.astimezone(HERE).hour for one in spans()] == [10]


@pytest.mark.parametrize(
    "wrong",
    [
        entry("b", "谁也不是", tomorrow()), entry("b", "魏然顾准", tomorrow()), entry("b", "魏然", tomorrow(), 60),
        "UID:b\r\nSUMMARY:魏然", entry("b", "魏然", tomorrow(), 8, "RRULE:FREQ=SOMETIMES"),
    ],
)  # fmt: skip
def test_a_file_with_one_wrong_entry_changes_nothing(district, wrong):
    answer = post(district.client("gu"), do="read", role="handler", file=a_file(entry("a", "魏然", tomorrow()), wrong))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert spans() == []


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\nnonsense", b"x" * 1_000_001])
def test_what_is_no_calendar_is_said(district, data):
    file = SimpleUploadedFile("duty.ics", data)
    assert post(district.client("gu"), do="read", role="handler", file=file).status_code == 422


def test_a_worker_reads_no_file_in(district):
    file = a_file(entry("a", "魏然", tomorrow()))
    assert post(district.client("wei"), do="read", role="handler", file=file).status_code == 422
    assert spans() == []
