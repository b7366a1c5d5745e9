"""Open311 GeoReport v2: the standard's six calls, and the laws of the loop at this door too."""

import json
import struct
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from open311_site import POINT, ROOT, Door, receipt_of, row, rows, set_up, xml
from rest_site import Program, report, token

pytestmark = pytest.mark.usefixtures("district")
TEXT = "解放碑步行街 manhole cover <b>&amp; loose"


@pytest.fixture
def district(clean_db, settings, tmp_path):
    settings.DATA = tmp_path
    set_up()


@pytest.fixture
def door():
    return Door(token("zhou", "report", role="triage"))


@pytest.fixture
def desk():
    return Program(token("zhou", role="triage"))


def errors(answer, status):
    assert answer.status_code == status, answer.content.decode()
    found = answer.json()
    assert [one["code"] for one in found] == [status]
    return found[0]["description"]


# -- discovery and services


def test_discovery_names_this_endpoint_in_both_formats(door):
    told = door.client.get("/open311/discovery.json").json()
    (endpoint,) = told["endpoints"]
    assert (endpoint["url"], endpoint["type"]) == ("http://testserver/open311/v2", "production")
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    tree = xml(door.client.get("/open311/discovery.xml"))
    assert tree.findtext("endpoints/endpoint/url") == endpoint["url"]
    assert [one.text for one in tree.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]
    assert tree.findtext("changeset") == told["changeset"] == "2025-06-01 00:00"
    assert all(told[name] for name in ("contact", "key_service"))


def test_services_are_the_categories_but_not_sealed_ones(door):
    found = {one["service_code"]: one for one in door.get("services.json").json()}
    assert set(found) == {"manhole", "rubbish"}  # neither illegal (L2) nor petitions nor care
    assert found["manhole"] | {"description": "", "group": ""} == {
        "service_code": "manhole", "service_name": "manhole", "description": "", "metadata": True,
        "type": "realtime", "keywords": "井盖缺损, manhole, city", "group": "",
    }  # fmt: skip
    tree = xml(door.get("services.xml", language="zh"))
    assert [one.findtext("service_name") for one in tree.findall("service")] == ["井盖缺损", "暴露垃圾"]
    assert errors(door.get("services/illegal.json"), 404)


def test_a_definition_asks_what_the_loop_needs_to_know(door):
    told = door.get("services/manhole.json").json()
    codes = [one["code"] for one in told["attributes"]]
    assert (told["service_code"], codes) == ("manhole", ["conditions", "occurred_at", "barred", "confidential"])
    units = next(one for one in told["attributes"] if one["code"] == "barred")["values"]
    assert {"key": "chengguan", "name": "区城市管理局"} in units
    tree = xml(door.get("services/manhole.xml"))
    assert tree.tag == "service_definition"
    assert [one.findtext("code") for one in tree.findall("attributes/attribute")] == codes
    assert len(tree.findall("attributes/attribute/values/value")) == len(units) + 2


# -- posting


def test_a_public_report_has_its_number_and_anybody_finds_it(door):
    told = door.send(description=TEXT, first_name="小明", last_name="王", phone="13800000000", email="a@example.org")
    (listed,) = door.list()
    assert listed["service_request_id"] == told["service_request_id"]
    assert told["account_id"] is None
    assert (listed["status"], listed["status_notes"]) == ("open", "Reported")
    assert (listed["lat"], listed["long"]) == (29.559, 106.5773)
    assert listed["agency_responsible"] == "区运行中心"
    assert listed["expected_datetime"] > listed["requested_datetime"]
    # Neither what was written nor who wrote it is anybody's.
    assert listed["description"] is None
    for secret in ("解放碑", "13800000000", "王", "example.org"):
        assert secret not in json.dumps(listed, ensure_ascii=False)
    (one,) = door.get(f"requests/{told['service_request_id']}.json").json()
    assert one == listed
    assert row("SELECT scene, category, seal, state::json->>'channel' FROM case_row") == (
        "city",
        "manhole",
        0,
        "open311",
    )


@pytest.mark.parametrize(("text", "is_urgent"), [("楼上燃气泄漏，味道很大", True), ("垃圾桶满了", False)])
def test_who_writes_of_an_emergency_is_told_to_call_and_the_report_is_taken_all_the_same(door, text, is_urgent):
    told = door.send(description=text)
    assert ("119" in told["service_notice"]) is is_urgent
    assert receipt_of(told)


def test_what_was_written_comes_back_to_the_holder_of_the_receipt_alone(door):
    code = receipt_of(door.send(description=TEXT, address_string="民族路 1 号"))
    (held,) = door.get(f"requests/{code}.json").json()
    assert (held["description"], held["address"]) == (TEXT, "民族路 1 号")
    assert (held["lat"], held["long"]) == (29.5590417, 106.5773391)
    tree = xml(door.get(f"requests/{code}.xml"))
    assert tree.findtext("request/description") == TEXT


def test_a_report_that_is_not_public_is_found_by_its_receipt_and_by_nothing_else(door):
    told = door.send(service_code="rubbish", description=TEXT)
    code = receipt_of(told)
    assert told["service_request_id"] == code.replace("-", "")
    (number,) = row("SELECT number FROM case_row")
    assert door.list() == []
    assert door.list(service_request_id=number) == []
    assert errors(door.get(f"requests/{number}.json"), 404) == errors(door.get("requests/999999.json"), 404)
    (held,) = door.list(service_request_id=f"{number},{code}")
    assert (held["service_request_id"], held["description"]) == (told["service_request_id"], TEXT)


def test_a_token_leads_from_the_receipt_to_the_id_that_may_be_shown(door):
    public, inner = door.send(), door.send(service_code="rubbish")
    for told in (public, inner):
        (found,) = door.get(f"tokens/{receipt_of(told)}.json").json()
        assert found == {"service_request_id": told["service_request_id"], "token": receipt_of(told)}
    assert errors(door.get("tokens/0000000000000000.json"), 404)


def test_a_public_case_that_is_sealed_later_is_public_no_longer(door, desk):
    told = door.send()
    (case,) = row("SELECT id FROM case_row")
    answer = desk.post(f"/cases/{case}/commands/reseal", {"seal": "L2", "basis": "涉及个人"})
    assert answer.status_code == 200, answer.content.decode()
    assert door.list() == []
    assert errors(door.get(f"requests/{told['service_request_id']}.json"), 404)
    (held,) = door.get(f"requests/{receipt_of(told)}.json").json()
    assert held["service_request_id"] == receipt_of(told).replace("-", "")


def test_after_a_merge_the_receipt_leads_on_but_not_to_what_another_sent(door, desk):
    first = door.send(description="第一个人写的")
    second = door.send(description="第二个人写的", lat="29.5591234", address_string="他家门口")
    cases = [case for (case,) in rows("SELECT id FROM case_row ORDER BY number")]
    assert desk.post(f"/cases/{cases[0]}/merge", {"into": str(cases[1])}).status_code == 200
    (held,) = door.get(f"requests/{receipt_of(first)}.json").json()
    assert (held["description"], held["lat"], held["address"]) == ("第一个人写的", 29.5591, None)
    closed, lead = (door.list(service_request_id=one["service_request_id"])[0] for one in (first, second))
    assert (closed["status"], closed["status_notes"], lead["status"]) == (
        "closed",
        "Merged into another request",
        "open",
    )


def test_a_wish_for_discretion_seals_and_accused_units_are_barred(door):
    door.send(**{"attribute[confidential]": "yes", "attribute[barred][]": ["chengguan"]})
    assert row("SELECT seal, barred FROM case_row") == (2, '["chengguan"]') or row(
        "SELECT seal, barred::text FROM case_row"
    ) == (2, '["chengguan"]')
    assert door.list() == []


def test_to_a_member_of_the_accused_unit_the_receipt_opens_nothing(door):
    code = receipt_of(door.send(service_code="rubbish", **{"attribute[barred][]": ["chengguan"]}))
    assert door.get(f"requests/{code}.json").status_code == 200
    accused = token("wei")
    assert row("SELECT unit_id FROM post p JOIN token t ON t.post_id = p.id ORDER BY t.created DESC LIMIT 1") == (
        "chengguan",
    )
    assert errors(door.get(f"requests/{code}.json", api_key=accused), 404)


def test_the_same_idempotency_key_makes_one_case_and_gives_one_answer(door):
    form = {"api_key": door.key, "service_code": "manhole", **POINT, "description": TEXT}
    key = str(uuid.uuid4())
    first, second = (door.post(form, Idempotency_Key=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert row("SELECT count(*) FROM case_row") == (1,)
    assert errors(door.post({**form, "description": "other"}, Idempotency_Key=key), 400)


def test_without_a_good_key_nothing_is_taken(door):
    form = {"service_code": "manhole", **POINT}
    assert "api_key" in errors(door.post(form), 403)
    assert errors(door.post({**form, "api_key": "bh_wrong"}), 403)
    assert errors(door.post({**form, "api_key": token("zhou", "read")}), 403)
    assert row("SELECT count(*) FROM case_row") == (0,)


# -- pictures

SECRET = b"N29.5630 E106.5516 Phone of Lin"


def picture():
    def segment(marker, data):
        return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data

    scan = segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\x34\xff\x00\x56" + b"\xff\xd9"
    return b"\xff\xd8" + segment(0xFE, SECRET) + segment(0xDB, b"\0" + bytes(64)) + scan


def multipart(form, *files):
    mark = "----bihuan"
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in form.items()]
    for data in files:
        head = f'--{mark}\r\nContent-Disposition: form-data; name="media"; filename="a.jpg"\r\nContent-Type: x\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    return b"".join([*parts, f"--{mark}--\r\n".encode()]), f"multipart/form-data; boundary={mark}"


def test_a_picture_sent_along_is_kept_without_what_the_camera_added(door, desk):
    raw, kind = multipart({"api_key": door.key, "service_code": "manhole", **POINT, "description": TEXT}, picture())
    told = door.post({}, raw=raw, content_type=kind).json()[0]
    (held,) = door.get(f"requests/{receipt_of(told)}.json").json()
    assert held["media_url"].startswith(f"http://testserver{ROOT}/media/")
    seen = door.client.get(held["media_url"].removeprefix("http://testserver"))
    assert (seen.status_code, seen.headers["Content-Type"]) == (200, "image/jpeg")
    assert SECRET in picture()
    assert SECRET not in seen.content
    # The public does not see it, another receipt does not open it, and the case team finds it among the proofs.
    assert door.list()[0]["media_url"] is None
    other = receipt_of(door.send()).replace("-", "")
    name = held["media_url"].rpartition("/")[2]
    assert door.get(f"media/{other}/{name}").status_code == 404
    (case,) = row("SELECT id FROM case_row ORDER BY id LIMIT 1")
    assert desk.get(f"/cases/{case}/photos/{name}").status_code == 200


@pytest.mark.parametrize(("data", "most"), [((b"GIF89a",), 1), ((picture(),) * 4, 3)], ids=["kind", "number"])
def test_pictures_that_cannot_be_taken_leave_nothing(door, data, most):
    raw, kind = multipart({"api_key": door.key, "service_code": "manhole", **POINT}, *data)
    assert errors(door.post({}, raw=raw, content_type=kind), 400)
    assert row("SELECT count(*) FROM case_row") == (0,)


def test_a_picture_elsewhere_is_named_and_never_fetched(door):
    url = "http://127.0.0.1:9/picture.jpg"
    code = receipt_of(door.send(media_url=url, description="x"))
    (held,) = door.get(f"requests/{code}.json").json()
    assert held["description"] == f"x\n{url}"
    answer = door.post({"api_key": door.key, "service_code": "manhole", **POINT, "media_url": "file:///etc/passwd"})
    assert errors(answer, 400)


# -- lists


def test_every_filter_of_the_standard_narrows(door, desk):
    ids = [door.send()["service_request_id"] for _ in range(3)]
    (first,) = row("SELECT id FROM case_row ORDER BY id LIMIT 1")
    assert desk.post(f"/cases/{first}/commands/decline", {
        "reason": "不属于", "rule": "R1", "rightful_route": "12345",
    }).status_code == 200  # fmt: skip

    def found(**query):
        return [one["service_request_id"] for one in door.list(**query)]

    assert found() == ids[::-1]
    assert found(status="open") == [ids[2], ids[1]]
    assert found(status="closed") == [ids[0]]
    assert found(status="open,closed") == ids[::-1]
    assert found(service_code="manhole,rubbish") == ids[::-1]
    assert found(service_code="rubbish") == []
    assert found(service_request_id=f"{ids[2]},{ids[0]}", status="open") == [ids[2], ids[0]]
    now = datetime.now(UTC)
    past, soon = (now - timedelta(days=1)).isoformat(), (now + timedelta(minutes=1)).isoformat()
    assert found(start_date=past, end_date=soon) == ids[::-1]
    assert found(end_date=past) == []
    assert found(start_date=past.replace("+", " ")) == ids[::-1]  # a plus that nobody encoded
    assert found(updated_after=soon) == []
    assert [found(page_size=2, page=n) for n in (1, 2, 3)] == [ids[:0:-1], [ids[0]], []]
    (closed,) = door.list(status="closed", extensions="true")
    assert closed["extended_attributes"] == {
        "number": int(ids[0]),
        "stage": "declined",
        "overdue": False,
        "scene": "city",
        "days_only": False,
    }
    assert (closed["expected_datetime"], closed["status_notes"][:7]) == (None, "Not for")


WRONG = {
    "jurisdiction": ({"jurisdiction_id": "sfgov.org"}, 404),
    "service": ({"service_code": "dragons"}, 404),
    "status": ({"status": "doing"}, 400),
    "no zone": ({"start_date": "2026-01-01T00:00:00"}, 400),
    "no date": ({"end_date": "yesterday"}, 400),
    "span": ({"start_date": "2026-01-01", "end_date": "2026-12-01"}, 400),
    "page": ({"page": "0"}, 400),
    "page size": ({"page_size": "1001"}, 400),
    "ids": ({"service_request_id": ",".join("1" * 101)}, 400),
    "control": ({"status": "open\x00"}, 400),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_asked_is_said(door, what):
    query, status = WRONG[what]
    assert errors(door.get("requests.json", **query), status)
    tree = xml(door.get("requests.xml", **query))
    assert (tree.tag, tree.findtext("error/code")) == ("errors", str(status))
    assert tree.findtext("error/description")


FORMS = {
    "no service": ({"service_code": ""}, 400),
    "unknown service": ({"service_code": "dragons"}, 404),
    "sealed service": ({"service_code": "illegal"}, 404),
    "no place": ({"lat": "", "long": ""}, 400),
    "half a place": ({"lat": ""}, 400),
    "off the earth": ({"lat": "95"}, 400),
    "not a number": ({"lat": "nan"}, 400),
    "too long": ({"description": "长" * 4001}, 400),
    "control": ({"description": "a\x1b[2J"}, 400),
    "address id": ({"address_id": "x"}, 400),
    "unknown attribute": ({"attribute[hair]": "red"}, 400),
    "unknown unit": ({"attribute[barred][]": "nobody"}, 400),
    "unknown value": ({"attribute[confidential]": "maybe"}, 400),
    "in the future": ({"attribute[occurred_at]": "2100-01-01T00:00:00Z"}, 400),
    "jurisdiction": ({"jurisdiction_id": "elsewhere"}, 404),
}


@pytest.mark.parametrize("what", FORMS)
def test_a_form_that_cannot_be_taken_is_said_and_leaves_nothing(door, what):
    changes, status = FORMS[what]
    form = {"api_key": door.key, "service_code": "manhole", **POINT, **changes}
    assert errors(door.post(form), status)
    assert row("SELECT count(*) FROM case_row") == (0,)


def raw(text, encoding):
    from urllib.parse import quote

    return f"service_code=manhole&lat=29.5&long=106.5&description={quote(text.encode(encoding))}".encode()


BOMB = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><request>&b;</request>'
BODIES = {
    "GBK": (raw("井盖松动", "gbk"), "application/x-www-form-urlencoded", 400),
    "XML with entities": (BOMB, "text/xml", 415),
    "JSON": (b"{}", "application/json", 415),
    "nothing": (b"", "application/x-www-form-urlencoded", 400),
    "too large": (b"a=" + b"x" * 300_000, "application/x-www-form-urlencoded", 413),
    "a thousand fields": (b"&".join(b"a%d=1" % n for n in range(1000)), "application/x-www-form-urlencoded", 400),
    "broken multipart": (b"--x\r\nrubbish", "multipart/form-data; boundary=y", 403),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_is_no_form_is_refused_before_anything_reads_it(door, what):
    data, kind, status = BODIES[what]
    said = errors(door.post({}, raw=data, content_type=kind), status)
    assert ("GBK" in said) == (what == "GBK")


def test_texts_go_into_xml_escaped_whatever_is_in_them(door):
    nasty = "<![CDATA[ ]]> &amp; <!ENTITY x> \u2028 \ud7ff 🚧"
    code = receipt_of(door.send(description=nasty))
    assert xml(door.get(f"requests/{code}.xml")).findtext("request/description") == nasty


def test_the_limits_of_the_other_doors_hold_here(door, settings):
    from bihuan.faces.rest import limits

    settings.REPORTS_PER_MINUTE = 2
    limits.forget()
    answers = [door.get("requests.json") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0


def test_wrong_methods_and_addresses_answer_in_the_standards_form(door):
    answer = door.client.generic("DELETE", f"{ROOT}/requests.json")
    assert errors(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD, POST"
    assert errors(door.client.get(f"{ROOT}/nothing.json"), 404)
    assert xml(door.client.get("/open311/")).findtext("error/code") == "404"


def test_reports_from_other_doors_are_listed_by_the_same_rule(door):
    Program().post("/cases", report())
    assert [one["service_code"] for one in door.list()] == ["manhole"]
    Program().post("/cases", report(seal="L1"))
    assert len(door.list()) == 1
