"""Micro-scenes: declared as data, checked like any scene, tried without a trace, published, worked, retired."""

from dataclasses import replace

import pytest
from django.db import connection

from bihuan.desk import api
from bihuan.desk.micro import build, draft, told
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof, Stage
from bihuan.kernel.refused import Refused
from bihuan.testing import kit

COMMUNITY, STREET, OTHER = "yz.s.003.013", "yz.s.003", "yz.s.001.003"
PLACE = "500103003013"


@pytest.fixture(autouse=True)
def fresh():
    from bihuan.wiring.site import fill_ports

    fill_ports()
    told.forget()
    yield
    told.forget()


@pytest.fixture
def worker(district):
    return district.who(COMMUNITY, "handler")


def rows(stored, **tables):
    return replace(stored.draft, rows={**stored.draft.rows, **tables})


def whole(worker, name="楼道灯", **head):
    """A community's scene with everything in it: two matters, fields, a step with its clock, two routes."""
    key = api.micro.create(worker, COMMUNITY, name)
    stored = api.micro.read(worker, key)
    first = {
        "name": name,
        "name_en": "Lights on the stairs",
        "basis": "民生路社区居民公约第三条",
        "summary": "楼道照明",
    }
    values = {one: getattr(stored.draft, one) for one in draft.HEAD} | first | head
    tables = {name: list(stored.draft.table(name)) for name in draft.TABLES}
    tables["categories"].append({"name": "灯不亮", "name_en": "No light", "close_if": "灯亮了"})
    tables["steps"] = [{"name": "上门看过", "name_en": "", "by": "handler", "stage": "work", "after": ""}]
    tables["clocks"] = [{**row, "basis": "居民公约"} for row in tables["clocks"]]
    stored = api.micro.save(worker, draft.fill(stored.draft, values, tables), turn=stored.turn)
    step, matter = stored.draft.keys("steps")[0], stored.draft.keys("categories")[1]
    tables = {name: list(stored.draft.table(name)) for name in draft.TABLES}
    plain = {"name_en": "", "options": "", "required": "", "personal": ""}
    tables["fields"] = [
        {**plain, "name": "几楼", "kind": "number", "ask": "report", "required": "yes"},
        {**plain, "name": "哪一种灯", "kind": "choice", "options": "声控;长明", "ask": "report"},
        {**plain, "name": "怎么修", "kind": "choice", "options": "换灯泡;报物业", "ask": step, "required": "yes"},
        {**plain, "name": "门牌号", "kind": "text", "ask": "report", "personal": "yes"},
    ]
    tables["clocks"] += [
        {"which": step, "category": "", "amount": "1", "unit": "工作日", "ground": "house", "basis": "居民公约"},
        {
            "which": "handle",
            "category": matter,
            "amount": "8",
            "unit": "工作时",
            "ground": "law",
            "basis": "样例〔2026〕1号",
        },
    ]
    tables["routes"].append({"category": matter, "place": "", "lead": STREET, "assist": COMMUNITY})
    return api.micro.save(worker, draft.fill(stored.draft, values, tables), turn=stored.turn)


def published(worker, **head):
    stored = whole(worker, **head)
    api.micro.publish(worker, stored.draft.key, turn=stored.turn, reason="居民议事会通过")
    return api.micro.read(worker, stored.draft.key)


def count(table, where=""):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} {where}")
        return cursor.fetchone()[0]


def report(scene, category, **more):
    intake = api.Intake(category, PLACE, "portal", {"text": "三楼灯不亮"}, scene=scene, **more)
    return api.report(intake, by=api.reporter("0b4b1c9e-6a57-4c7d-9c26-0a9a5b1c2d3e"), purpose="反映")


def test_what_is_declared_in_a_page_passes_the_check_of_any_scene(worker, tmp_path):
    stored = whole(worker)
    assert api.micro.check(stored) == []
    folder = tmp_path / stored.draft.key
    for name, content in api.micro.export(worker, stored.draft.key).items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    assert [
        one for one in kit.check(folder, {unit.code for unit in api.organisation.every_unit()}) if not one.is_notice
    ] == []
    assert api.upkeep.read_book(folder / "tables") == build.book(
        stored.draft, "1", api.upkeep.read_book(folder / "tables").effective
    )


WRONG = {
    "no name": (lambda d: replace(d, name=""), "", "name"),
    "no general limit": (lambda d: put(d, "clocks", 0, which=d.keys("steps")[0]), "clocks", "which"),
    "an amount that is none": (lambda d: put(d, "clocks", 0, amount="-1"), "clocks", "amount"),
    "a unit that is another's": (lambda d: put(d, "routes", 0, lead="yz.cgj"), "routes", "lead"),
    "nothing for the rest": (lambda d: put(d, "routes", 0, category=d.keys("categories")[0]), "routes", ""),
    "whoever works verifies": (lambda d: replace(d, verifier=COMMUNITY), "", "verifier"),
    "a score of people": (lambda d: put(d, "fields", 0, name="居民积分"), "fields", "name"),
    "a key of another scene": (lambda d: put(d, "fields", 0, key="city_f1"), "fields", "key"),
    "an unknown kind": (lambda d: put(d, "fields", 0, kind="code"), "fields", "kind"),
    "one option": (lambda d: put(d, "fields", 1, options="只有一个"), "fields", "options"),
    "personal and public": (lambda d: replace(d, seal="L0"), "fields", "personal"),
    "sealed without a word": (lambda d: replace(d, seal="L2"), "", "seal_note"),
    "too long": (lambda d: replace(d, name="灯" * 41), "", "name"),
    "a control character": (lambda d: put(d, "categories", 0, name="灯\x00"), "categories", "name"),
    "too many rows": (lambda d: replace(d, rows={**d.rows, "proofs": d.table("proofs") * 5}), "proofs", ""),
}  # fmt: skip


def put(one, table, number, **cells):
    changed = [dict(row) for row in one.table(table)]
    changed[number] |= cells
    return replace(one, rows={**one.rows, table: tuple(changed)})


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_table_and_column_and_is_not_published(worker, name):
    stored = whole(worker)
    change, table, column = WRONG[name]
    stored = api.micro.save(worker, change(stored.draft), turn=stored.turn)
    found = api.micro.check(stored)
    assert (table, column) in {(one.table, one.column) for one in found}
    assert all(" / " in one.what for one in found)
    with pytest.raises(api.micro.NotClean):
        api.micro.publish(worker, stored.draft.key, turn=stored.turn, reason="试试")
    assert count("micro_version") == 0


def test_a_trial_plays_to_the_close_and_leaves_nothing_behind(worker):
    stored = whole(worker)
    tables = ("case_row", "event", "receipt", "vault_item", "outbox", "task_row", "rulebook", "access_log")
    before = [count(table) for table in tables]
    beats = api.micro.try_out(stored.draft, (), category=stored.draft.keys("categories")[1], is_late=False)
    happened = [name for beat in beats for name in beat.what]
    order = [
        happened.index(name) for name in ("Registered", "Accepted", "Dispatched", "TaskTaken", "StepTaken", "Closed")
    ]
    assert order == sorted(order)
    assert beats[-1].stage == Stage.CLOSED
    assert {key for beat in beats for key, _, _ in beat.clocks} >= {"accept", "dispatch", "handle", "verify"}
    assert "ClockBroken" not in happened
    assert [count(table) for table in tables] == before
    with pytest.raises(Refused, match="no-rulebook"):
        report(stored.draft.key, stored.draft.keys("categories")[0])


def test_a_trial_that_is_late_shows_who_is_reminded(worker):
    stored = whole(worker)
    beats = api.micro.try_out(stored.draft, (), category=stored.draft.keys("categories")[0], is_late=True)
    happened = [name for beat in beats for name in beat.what]
    assert {"ClockWarned", "ClockBroken"} <= set(happened)
    assert beats[-1].stage == Stage.CLOSED


def test_a_trial_again_begins_where_the_last_one_began(worker):
    stored = whole(worker)
    category = stored.draft.keys("categories")[0]
    one, two = (api.micro.try_out(stored.draft, (), category=category, is_late=False) for _ in range(2))
    assert [beat.at for beat in one] == [beat.at for beat in two]
    assert count("world") == 2


def test_a_published_scene_is_offered_at_once_and_worked_like_any_other(district, worker):
    stored = published(worker)
    key, (other, _) = stored.draft.key, stored.draft.keys("categories")
    offered = {unit.code: [one.code for one in below] for unit, below in api.own_scene_choices()}
    assert offered == {COMMUNITY: [key]}
    floor = stored.draft.keys("fields")[0]
    made = report(key, other, fields={floor: "3"})
    desk, step = stored.draft.desk, stored.draft.keys("steps")[0]
    district.act(made.case, c.Accept(), desk, "triage")
    district.act(made.case, c.Dispatch(), desk, "dispatcher")
    assert district.state(made.case).lead == COMMUNITY
    district.act(made.case, c.TakeTask(1), COMMUNITY, "handler")
    fix = stored.draft.keys("fields")[2]
    district.act(made.case, c.TakeStep(step, ((fix, build.option_code("换灯泡")),)), COMMUNITY, "handler")
    proof = stored.draft.keys("proofs")[0]
    district.act(made.case, c.FinishTask(1, (Proof(proof, "ref"),)), COMMUNITY, "handler")
    district.act(made.case, c.Verify(accept=True), stored.draft.verifier, "verifier")
    assert district.state(made.case).stage is Stage.CLOSED
    assert api.shown_field(key, fix, build.option_code("换灯泡"), "zh") == "换灯泡"
    assert api.scene_word("steps", step, "zh") == "上门看过"
    assert api.audit(1).is_clean


def test_a_new_version_changes_nothing_for_cases_that_are_there(district, worker):
    stored = published(worker)
    key, light = stored.draft.key, stored.draft.keys("categories")[1]
    old = report(key, light).case
    wanted = put(stored.draft, "fields", 1, options="感应;长明")
    wanted = replace(
        wanted, rows={**wanted.rows, "fields": wanted.table("fields")[:2], "routes": wanted.table("routes")[:1]}
    )
    stored = api.micro.save(worker, wanted, turn=stored.turn)
    assert api.micro.publish(worker, key, turn=stored.turn, reason="物业换了灯") == 2
    new = report(key, light).case
    desk = stored.draft.desk
    for case in (old, new):
        district.act(case, c.Accept(), desk, "triage")
        district.act(case, c.Dispatch(), desk, "dispatcher")
    assert (district.state(old).lead, district.state(new).lead) == (STREET, COMMUNITY)
    kind = stored.draft.keys("fields")[1]
    assert api.shown_field(key, kind, build.option_code("声控"), "zh") == "声控", (
        "an answer of the old version is still read"
    )
    assert "门牌号" in {one.label["zh"] for one in api.declared_scene(key).fields.values()}
    assert len(api.asked_fields(key)) == 2


def test_what_was_published_never_changes(worker):
    published(worker)
    from django.db import DatabaseError

    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("UPDATE micro_version SET body = '{}'")


def test_a_published_kind_and_a_published_seal_stay(worker):
    stored = published(worker, seal="L2", seal_note="只有经办的人看得到")
    stored = api.micro.save(worker, put(replace(stored.draft, seal="L1"), "fields", 0, kind="text"), turn=stored.turn)
    assert {("", "seal"), ("fields", "kind")} <= {(one.table, one.column) for one in api.micro.check(stored)}


def test_a_retired_scene_takes_no_reports_and_open_cases_go_on(district, worker):
    stored = published(worker)
    key, matter = stored.draft.key, stored.draft.keys("categories")[0]
    case = report(key, matter).case
    api.micro.retire(worker, key, turn=stored.turn, reason="由全区统一办理")
    assert api.own_scene_choices() == []
    with pytest.raises(Refused, match="scene-retired"):
        report(key, matter)
    district.act(case, c.Accept(), stored.draft.desk, "triage")
    district.act(case, c.Dispatch(), stored.draft.desk, "dispatcher")
    assert district.state(case).lead == COMMUNITY
    assert api.declared_scene(key).names[0] == "楼道灯"


def test_another_process_knows_of_it_for_a_report_at_once(worker):
    stored = published(worker)
    key, matter = stored.draft.key, stored.draft.keys("categories")[0]
    report(key, matter)
    with connection.cursor() as cursor:  # as another process would
        cursor.execute("UPDATE micro_scene SET retired = now()")
    with pytest.raises(Refused, match="scene-retired"):
        report(key, matter)


def test_two_editors_at_once_the_second_is_told_and_nothing_is_overwritten(district, worker):
    stored = whole(worker)
    head = district.who(STREET, "head")
    api.micro.save(head, replace(stored.draft, name="楼道照明"), turn=stored.turn)
    with pytest.raises(api.micro.Changed) as changed:
        api.micro.save(worker, replace(stored.draft, name="灯"), turn=stored.turn)
    assert changed.value.by == head.person
    assert api.micro.read(worker, stored.draft.key).draft.name == "楼道照明"


def test_a_scene_is_its_communitys_and_its_streets_alone(district, worker):
    stored = whole(worker)
    assert api.micro.read(district.who(STREET, "handler"), stored.draft.key)
    for stranger in (
        district.who(OTHER, "handler"),
        district.who("yz.cgj", "head"),
        district.who("yz.dcs", "oversight"),
    ):
        assert api.micro.listed(stranger) == []
        with pytest.raises(api.NotFound):
            api.micro.read(stranger, stored.draft.key)
        with pytest.raises(api.NotFound):
            api.micro.save(stranger, stored.draft, turn=stored.turn)
        with pytest.raises(api.NotFound):
            api.micro.create(stranger, COMMUNITY, "别人的")


def test_no_micro_scene_stands_over_one_of_the_program(worker, settings):
    stored = published(worker)
    settings.SCENES = [*settings.SCENES, stored.draft.key]
    told.forget()
    assert told.find(stored.draft.key) is None
    assert api.micro.create(worker, COMMUNITY, "第二个") != stored.draft.key
