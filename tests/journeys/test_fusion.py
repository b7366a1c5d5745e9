"""One loose manhole cover, told by a resident, a sensor and a rider: one case, three sources, and all of it undone."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

import page_steps
from bihuan.desk import api as desk
from bihuan.desk import equal, feed
from bihuan.kernel import commands as c
from field_site import Phone, act, actor

RULE = {"kind": "tilt", "category": "manhole", "metres": 30, "hours": 48, "basis": "区数据规则 3-2"}


@pytest.fixture
def district(clean_db, settings, tmp_path):
    import page_district

    settings.DATA = tmp_path
    page_district.build()
    desk.fusing.set_rules([RULE])
    yield page_district
    assert desk.audit(1).is_clean


def settled():
    feed.settle()
    equal.settle()


def seen(sensor="cover-17", lon=106.53012, **more):
    return desk.fusing.Seen("iot", sensor, "tilt", datetime.now(UTC), lon, 29.54005, **more)


def told_by_resident(district):
    page_steps.report(district, text="巷口的井盖松了,车一压就响,晚上吵得睡不着", lon="106.5301", lat="29.5401")
    settled()
    return page_steps.first_case(district.client("zhou"), "triage")


def told_by_rider():
    told = Phone("wei").send(Phone("wei").entry(
        "report", text="送餐经过巷口,井盖松动翘起来了,一压就响,摩托差点摔", category="manhole",
        place="500103013001", lon=106.5302, lat=29.5401,
    ))  # fmt: skip
    assert told["state"] == "done"
    settled()
    return desk.case_by_number(told["number"])


def page(district, address):
    return district.client("zhou").get(address).content.decode()


def test_a_resident_a_sensor_and_a_rider_are_one_case_with_three_sources_and_all_is_undone(district):
    case = told_by_resident(district)
    number = desk.number_of(id_of(case))
    assert desk.fusing.attach(seen()) == id_of(case)
    rider = told_by_rider()
    # What a machine joined by rule and what a person is asked to confirm: both say why.
    queue = page(district, f"/console/work/{rider}")
    assert f"/console/work/{rider}?with={id_of(case)}" in queue
    assert "相距 10 米 · 同一类 · 今天 · 都提到：" in queue
    answer = district.client("zhou").post(
        f"/console/case/{rider}/do",
        {"move": "merge", "number": number, "key": "0" * 32, "then": "work", "next": str(id_of(case))},
    )
    assert f"undo={rider}" in answer["Location"]
    assert "并错了可以撤销" in page(district, answer["Location"])
    whole = page(district, case)
    sources = whole[whole.index('id="sources"') : whole.index("</section>", whole.index('id="sources"'))]
    assert sources.count("<li>") == 3
    assert "传感器 cover-17（tilt）" in sources
    assert "区数据规则 3-2" in sources
    assert "由人确认是同一件" in sources
    # Undone: the rider's report stands on its own, the signal is out and does not come back.
    page_steps.press(district.client("zhou"), f"/console/case/{rider}", "unmerge", reason="另一个井盖")
    source = re.search(r'name="source" value="([0-9a-f-]{36})"', page(district, case))[1]
    district.client("zhou").post(f"{case}/source", {"source": source, "reason": "传感器装在别处"})
    assert 'id="sources"' not in page(district, case)
    assert desk.read_case(actor("zhou"), rider, purpose="test").state.stage == "registered"
    assert "传感器装在别处" in page(district, case)
    assert desk.fusing.attach(seen()) == rider  # never again the one that a person took it out of


def id_of(address):
    return UUID(address.rpartition("/")[2])


def test_the_same_sensor_joins_once_however_often_it_speaks(district):
    case = id_of(told_by_resident(district))
    assert [desk.fusing.attach(seen()) for _ in range(3)] == [case] * 3
    notes = desk.read_case(actor("zhou"), case, purpose="test").texts.values()
    assert sum("cover-17" in note.text for note in notes) == 1


def test_a_signal_joins_nothing_without_a_rule_too_far_off_or_of_another_kind(district):
    told_by_resident(district)
    assert desk.fusing.attach(seen(lon=106.5310)) is None
    desk.fusing.set_rules([RULE | {"category": "rubbish"}])
    assert desk.fusing.attach(seen()) is None
    desk.fusing.set_rules([])
    assert desk.fusing.attach(seen()) is None


def test_a_signal_never_joins_a_sealed_case(district):
    case = id_of(told_by_resident(district))
    act(case, c.Reseal("L2", "依据"), "zhou")
    assert desk.fusing.attach(seen()) is None
    settled()
    assert desk.fusing.attach(seen()) is None


def test_a_report_of_a_person_is_never_joined_by_itself(district):
    one = id_of(told_by_resident(district))
    other = told_by_rider()
    for case in (one, other):
        assert desk.read_case(actor("zhou"), case, purpose="test").state.stage == "registered"


@pytest.mark.parametrize("wrong", [{"metres": 0}, {"metres": 101}, {"hours": "x"}, {"basis": ""}, {"more": 1}])
def test_a_rule_that_makes_no_sense_is_refused_with_its_row(district, wrong):
    with pytest.raises(desk.fusing.BadRules, match="rule 2"):
        desk.fusing.set_rules([RULE, RULE | wrong])
    assert [one.metres for one in desk.fusing.rules()] == [30]


def test_the_portal_shows_the_public_case_near_the_point_first(district):
    from dataclasses import replace

    from bihuan.desk import rulebooks
    from bihuan.kernel.case import Seal
    from bihuan.testing import books

    book = books.city()
    kinds = {k: replace(kind, seal=Seal.L0) if k == "manhole" else kind for k, kind in book.categories.items()}
    public = replace(book, version="public", categories=kinds)
    rulebooks.import_book(public, by="test", at=datetime.now(UTC) - timedelta(days=1))
    rulebooks.forget()
    told_by_resident(district)
    fields = {"key": "f" * 32, "step": "2", "text": "井盖响", "category": "manhole", "place": "500103013002"}
    answer = district.client().post("/report", fields | {"lon": "106.5303", "lat": "29.5401"}).content.decode()
    assert "离您约 19 米" in answer
