"""P12, P15 and P20 through the real doors: an accusation, a hurt child, and who looked at my file."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from bihuan.desk import access, api, breakglass, instant, names, privacy, rulebooks, units
from bihuan.desk.actor import Actor, reporter
from bihuan.kernel import commands as c
from bihuan.kernel.case import Note, Seal
from bihuan.kernel.refused import Refused
from bihuan.testing import books, cast
from seal_cast import give_post, person, traces

UNITS = (
    ("district", "district", None, "500103"),
    (cast.PETITIONS, "desk", "district", ""),
    (cast.DISCIPLINE, "department", "district", ""),
    (cast.CARE, "department", "district", ""),
    (cast.POLICE, "partner", "district", ""),
    ("school", "partner", "district", ""),
    (cast.GOVERNMENT, "department", "district", ""),
    (cast.STREET, "street", "district", "500103013"),
    (cast.COMMUNITY, "community", cast.STREET, "500103013001"),
)
PLACE = "500103013001"
WHY = "办理本案 this case"


@pytest.fixture
def district(clean_db, settings, tmp_path):
    settings.DATA = tmp_path / "data"
    with connection.cursor() as cursor:
        for code, kind, parent, place in UNITS:
            cursor.execute(
                "INSERT INTO unit (code, district, name, name_en, kind, parent_id, path, place, phone)"
                " VALUES (%s, '500103', %s, '', %s, %s, %s, %s, '')",
                [code, code, kind, parent, f"/{code}/", place],
            )
    for forget in (names.forget, units.forget, rulebooks.forget):
        forget()
    for book in (books.petitions(), books.care()):
        rulebooks.import_book(book, by="test", at=datetime(2025, 1, 1, tzinfo=UTC))
    yield
    units.forget()
    names.forget()


def post(number: int, unit: str, *roles: str) -> Actor:
    for role in roles:
        give_post(person(number), unit, role)
    return access.actor_for(person(number), unit, instant.now(1))


# -- P12 ---------------------------------------------------------------------------------------------------------


def accuse(by: Actor) -> api.Outcome:
    """A letter about the street's own people, sealed by its category, with the street barred from the first second."""
    return api.report(
        api.Intake(
            "accusation", PLACE, "letter", {"text": "街道干部收钱办事", "contact": "000-7777"}, scene="petitions",
            barred=(cast.STREET,),
        ),
        by=by, purpose="检举 accuse",
    )  # fmt: skip


def lists_it(actor: Actor, case) -> bool:
    return any(line.id == case for line in api.list_cases(actor, api.Filters()).lines)


def test_an_accusation_goes_to_discipline_and_the_accused_never_hears_of_it(district):
    me = reporter(str(person(50)))
    accused, below = post(1, cast.STREET, "head"), post(2, cast.COMMUNITY, "handler")
    desk, inspector = post(3, cast.PETITIONS, "triage", "dispatcher"), post(4, cast.DISCIPLINE, "handler")
    made = accuse(me)
    assert made.state.seal is Seal.L3
    for step in (c.Accept(), c.Dispatch()):
        api.submit(step, by=desk, case=made.case, purpose=WHY)
        for actor in (accused, below):
            assert_hears_nothing(actor, made.case)
    api.submit(c.TakeTask(1), by=inspector, case=made.case, purpose=WHY)
    seen = api.read_case(inspector, made.case, purpose=WHY)
    assert seen.state.lead == cast.DISCIPLINE
    assert {text.text for text in seen.texts.values()} == {"街道干部收钱办事", "000-7777"}
    assert_hears_nothing(accused, made.case)
    assert api.track(made.receipt).state.stage == "working"


def assert_hears_nothing(actor: Actor, case) -> None:
    """Not by reading, listing, acting or breaking the glass; and a case that never was answers the same."""
    for wanted in (case, uuid4()):
        with pytest.raises(api.NotFound):
            api.read_case(actor, wanted, purpose=WHY)
        with pytest.raises(api.NotFound):
            api.submit(c.AddNote(Note("note", "")), by=actor, case=wanted, purpose=WHY)
        assert isinstance(api.ask_glass(actor, wanted, "I must know"), UUID)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM break_glass WHERE person = %s AND NOT void", [actor.person])
        assert cursor.fetchone() == (0,)
    assert not lists_it(actor, case)


def test_nothing_that_leaves_for_the_accused_mentions_it(district):
    desk = post(3, cast.PETITIONS, "triage", "dispatcher")
    made = accuse(reporter(str(person(50))))
    for step in (c.Accept(), c.Dispatch()):
        api.submit(step, by=desk, case=made.case, purpose=WHY)
    with connection.cursor() as cursor:
        cursor.execute('SELECT "to", body FROM outbox WHERE case_id = %s', [made.case])
        sent = cursor.fetchall()
    barred = set(units.expand([cast.STREET]))
    assert sent
    assert not [to for to, _ in sent if barred & set(to.replace("@", " ").split())]
    assert all("收钱" not in body and "000-7777" not in body for _, body in sent)


def test_it_cannot_be_routed_to_the_accused_by_hand(district):
    desk = post(3, cast.PETITIONS, "triage", "dispatcher")
    made = accuse(reporter(str(person(50))))
    api.submit(c.Accept(), by=desk, case=made.case, purpose=WHY)
    for step in (c.Dispatch(lead=cast.STREET, reason="属地"), c.Dispatch(lead=cast.COMMUNITY, reason="属地")):
        with pytest.raises(Refused) as refused:
            api.submit(step, by=desk, case=made.case, purpose=WHY)
        assert (refused.value.code, refused.value.law) == ("route-barred", 7)


def test_one_who_also_serves_with_the_accused_is_kept_out_though_he_leads(district):
    desk = post(3, cast.PETITIONS, "triage", "dispatcher")
    made = accuse(reporter(str(person(50))))
    for step in (c.Accept(), c.Dispatch()):
        api.submit(step, by=desk, case=made.case, purpose=WHY)
    both = post(5, cast.DISCIPLINE, "handler")
    assert lists_it(both, made.case)
    give_post(person(5), cast.COMMUNITY, "volunteer")
    assert_hears_nothing(access.actor_for(person(5), cast.DISCIPLINE, instant.now(1)), made.case)


# -- P15 ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def child(district):
    """A care case at L3: a social worker has taken it, the school assists."""
    worker, teacher = post(6, cast.CARE, "handler", "triage", "dispatcher"), post(7, "school", "school", "handler")
    teacher = Actor(teacher.person, "school", frozenset({"school"}))
    made = api.report(
        api.Intake("child", PLACE, "visit", {"text": "孩子说怕回家"}, scene="care"), by=worker, purpose="个案 care"
    )
    api.submit(c.TakeTask(1), by=worker, case=made.case, purpose=WHY)
    api.submit(c.AddTask("school", kind="coordinate"), by=worker, case=made.case, purpose=WHY)
    return made.case, worker, teacher


def press(actor: Actor, case, purpose: str) -> api.Outcome:
    """The red button, pre-filled."""
    return api.submit(
        c.ReportByLaw("harm-to-child", (cast.POLICE,), "立即", "未成年人保护法 11"),
        by=actor,
        case=case,
        purpose=purpose,
    )


@pytest.mark.parametrize("who", ["worker", "teacher"])
def test_the_red_button_works_in_a_sealed_case_without_purpose_or_leave(child, who):
    case, worker, teacher = child
    before = instant.now(1)
    done = press({"worker": worker, "teacher": teacher}[who], case, "")
    stamped = done.events[0]
    assert stamped.recorded - before < timedelta(minutes=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT \"to\" FROM outbox WHERE case_id = %s AND kind = 'statutory-report'", [case])
        assert cursor.fetchall() == [(cast.POLICE,)]


def test_the_teacher_sees_only_coordination(child):
    case, worker, teacher = child
    texts = {"coordination": "周三下午接送", "supervision": "督导意见"}
    audience = {"coordination": ("school",), "supervision": ("head",)}
    api.submit(None, by=worker, case=case, purpose=WHY, texts=texts, audience=audience)
    seen = api.read_case(teacher, case, purpose="班主任 teacher")
    assert [text.text for text in seen.texts.values()] == ["周三下午接送"]
    assert [note.kind for note in seen.state.notes] == ["coordination"]
    assert seen.state.reporter == ""
    assert str(person(6)) not in repr(seen.state)
    with pytest.raises(Refused, match="purpose-needed"):
        api.read_case(teacher, case)
    team = api.read_case(worker, case, purpose=WHY)
    assert "孩子说怕回家" in [text.text for text in team.texts.values()]


def test_police_who_were_told_break_the_glass_with_a_second_person(child):
    case, worker, _ = child
    press(worker, case, "")
    officer, head = post(8, cast.POLICE, "handler"), post(9, cast.GOVERNMENT, "head")
    with pytest.raises(api.NotFound):
        api.read_case(officer, case, purpose="出警")
    glass = api.ask_glass(officer, case, "强制报告,孩子有危险")
    api.grant_glass(head, glass)
    seen = api.read_case(officer, case, purpose="出警")
    assert seen.verdict.why == "break_glass"
    assert "孩子说怕回家" in [text.text for text in seen.texts.values()]
    at = instant.now(1) + breakglass.REVIEW_WITHIN + timedelta(minutes=1)
    assert breakglass.overdue_reviews(access.viewer_of(head, at), at=at) != ()


def test_what_staff_write_is_the_cases_own_and_what_they_type_in_is_not_theirs(child):
    """Erasing a colleague takes no case notes along; and nobody is the reporter of what others told him."""
    case, worker, _ = child
    api.submit(None, by=worker, case=case, purpose=WHY, texts={"work": "家访一次"})
    assert api.read_case(worker, case, purpose=WHY).state.reporter == ""
    assert privacy.erase_person(post(9, cast.GOVERNMENT, "head"), person(6), "离职").keys == 0
    team = api.read_case(worker, case, purpose=WHY)
    assert {text.text for text in team.texts.values()} == {"孩子说怕回家", "家访一次"}


def test_a_reporter_who_is_erased_takes_his_words_along_and_the_case_goes_on(district):
    """Texts and contact are gone, also for the team; history, receipt and what the office wrote stand."""
    me = reporter(str(person(50)))
    desk = post(3, cast.PETITIONS, "triage", "dispatcher")
    made = accuse(me)
    api.submit(None, by=desk, case=made.case, purpose=WHY, texts={"work": "已转纪检"})
    before = [(r.number, r.event) for r in api.events_of(made.case, 1)]
    privacy.erase_person(post(9, cast.GOVERNMENT, "head"), person(50), "本人申请")
    seen = api.read_case(desk, made.case, purpose=WHY)
    assert sorted((text.text, text.gone) for text in seen.texts.values()) == [
        ("", "erased"), ("", "erased"), ("已转纪检", ""),
    ]  # fmt: skip
    assert [(r.number, r.event) for r in api.events_of(made.case, 1)] == before
    assert api.track(made.receipt).id == made.case
    assert api.audit(1).is_clean


# -- P20 ---------------------------------------------------------------------------------------------------------


def test_the_accuser_is_told_who_looked_and_oversight_of_a_look_without_a_case(district):
    me = reporter(str(person(50)))
    desk = post(3, cast.PETITIONS, "triage", "dispatcher")
    overseer = post(10, cast.GOVERNMENT, "oversight")
    made = accuse(me)
    api.read_case(desk, made.case, purpose="登记核对")
    with pytest.raises(api.NotFound):
        api.read_case(post(11, cast.CARE, "head"), made.case, purpose="好奇")
    assert [(look.unit, look.purpose, look.outcome) for look in privacy.who_looked(me)] == [
        (cast.PETITIONS, "登记核对", "ok")
    ]  # fmt: skip
    assert [look.purpose for look in api.looks_by_receipt(made.receipt)] == ["登记核对"]
    access.log_read(desk, made.case, person(50), "case", "线索核查", at=instant.now(1), withheld="监察法 18")
    told = [look.purpose for look in api.looks_at(desk, made.case, purpose="核对")]
    assert "登记核对" in told
    assert "线索核查" not in told
    assert "线索核查" not in [look.purpose for look in privacy.who_looked(me)]
    access.log_read(desk, None, person(50), "contact", "邻居打听", at=instant.now(1))
    assert [look.purpose for look in privacy.alerts(overseer)] == ["邻居打听"]
    assert [look.purpose for look in privacy.refusals(overseer)] == ["好奇"]
    assert len(traces(outcome="refused")) == 1
