"""The clerk drafts beside a case: category, unit, words, facts to ask for. People decide; the switch works at once."""

import os
import random
import sys

import pytest
from django.db import connection
from typer.testing import CliRunner

import page_district
import page_steps
from bihuan.desk import api as desk
from bihuan.desk import equal, feed, identity, privacy, suggestions
from bihuan.desk.actor import SYSTEM
from bihuan.kernel import commands as c
from bihuan.kernel.case import Seal
from bihuan.sense.suggest.clerk import Clerk
from bihuan.wiring import suggesting
from field_site import act, actor, reported

TOLD = {
    "manhole": ["井盖松动一压就响", "井盖缺了一个很危险", "窨井盖翘起来绊人", "污水井盖破损下沉"],
    "rubbish": ["垃圾三天没有人收", "垃圾桶满了臭得很", "路边一堆建筑垃圾", "楼下垃圾点没人清运"],
}
WHERE = ["东街口", "南门", "育才小学旁", "菜市场", "公园北门", "河堤上", "车站对面", "三号楼下"]


@pytest.fixture
def district(clean_db, settings, tmp_path):
    settings.DATA = tmp_path
    identity.forget_numbers()
    page_district.build()
    yield page_district
    suggestions._judge = None


def learnt(count=60):
    """Cases that people sorted and sent out; then a model of them, as the command makes it."""
    chance = random.Random(3)
    for number in range(count):
        category = chance.choice(list(TOLD))
        what, where = chance.choice(TOLD[category]), chance.choice(WHERE)
        text = f"{where}{what},请来看看,电话13800001111,{chance.choice(WHERE)}{number}"
        case = reported(text, category)
        act(case, c.Accept(), "zhou")
        act(case, c.Dispatch("", reason=""), "zhou")
    told = suggesting.relearn("city", lambda *_: None)
    suggestions.fill(Clerk(suggestions.folder()))
    return told


def settled():
    feed.settle()
    equal.settle()
    suggestions.settle()


def page(address, account="zhou"):
    return page_district.client(account).get(address).content.decode()


def test_a_new_case_gets_a_draft_with_the_words_that_decided_and_is_taken_by_one_press(district):
    told = learnt()
    assert told["category"]["rows"] == 60
    case = reported("菜市场后面井盖松动,一压就响", "")
    settled()
    whole = page(f"/console/case/{case}")
    assert "系统建议" in whole
    assert "采用这个类别" in whole
    assert "井盖" in whole[whole.index("起作用的词") : whole.index("采用这个类别")]
    assert "建议类别" in page("/console/?tab=triage")
    form = next(f for f in page_steps.FORM.findall(whole) if "采用这个类别" in f)
    fields = dict(page_steps.HIDDEN.findall(form))
    assert page_district.client("zhou").post(f"/console/case/{case}/do", fields).status_code == 302
    assert desk.read_case(actor("zhou"), case, purpose="test").state.category == "manhole"
    assert "与现在的类别一致" in page(f"/console/case/{case}")


def test_what_people_made_of_it_is_kept_and_told_on_the_card(district):
    learnt()
    for number in range(5):
        case = reported(f"南门井盖松动一压就响{number}", "" if number else "rubbish")
        settled()
        act(case, c.Recategorise("manhole" if number else "rubbish", "看了"), "zhou") if number else None
        act(case, c.Accept(), "zhou")
        act(case, c.Dispatch("", reason=""), "zhou")
    settled()
    (card, *_) = suggestions.cards()
    assert (card.what, card.right.count, card.right.of) == ("category", 4, 5)
    assert "5 件里人采用的占" in page("/console/models")


def test_switched_off_by_the_head_of_the_desk_nothing_is_drafted_or_shown_at_once(district):
    learnt()
    case = reported("菜市场后面井盖松动,一压就响", "")
    settled()
    assert page_district.client("zhou").post("/console/models", {"on": "0"}).status_code == 409
    district.add("head", "主任", page_district.PEOPLE["zhou"].unit, "head", "triage")
    assert page_district.client("head").post("/console/models", {"on": "0"}).status_code == 302
    assert "系统建议" not in page(f"/console/case/{case}")
    assert "建议类别" not in page("/console/?tab=triage")
    later = reported("井盖松动一压就响", "")
    settled()
    page_district.client("head").post("/console/models", {"on": "1"})
    assert "系统建议" in page(f"/console/case/{case}")
    assert "采用这个类别" not in page(f"/console/case/{later}")


def test_of_sealed_cases_nothing_is_drafted_and_nothing_is_learnt(district):
    told = learnt(40)
    sealed = reported("有人欺负孩子,天天打", "", seal=Seal.L2)
    case = reported("井盖松动一压就响", "")
    settled()
    act(case, c.Reseal(Seal.L3, "依据"), "zhou")
    settled()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM case_suggestion WHERE case_id = ANY(%s)", [[sealed, case]])
        assert cursor.fetchone() == (0,)
    done = reported("井盖松动,有人被打", "manhole", seal=Seal.L2)
    act(done, c.Accept(), "zhou")
    rows = list(suggestions.learnt_from("city"))
    assert len(rows) == told["category"]["rows"]
    assert not any("被打" in text or "13800001111" in text for text, _, _ in rows)


def test_erasing_a_person_erases_what_was_drafted_from_his_words(district):
    learnt(40)
    reported("井盖松动一压就响", "")
    settled()
    privacy.erase_person(SYSTEM, page_district.person("resident"), "本人要求")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM case_suggestion")
        assert cursor.fetchone() == (0,)


def test_where_the_model_is_not_sure_it_says_nothing(district):
    learnt()
    case = reported("想问一下户口怎么办理", "")
    settled()
    assert "采用这个类别" not in page(f"/console/case/{case}")


def test_missing_facts_are_asked_for_with_a_question_ready_to_send(district, monkeypatch):
    from bihuan.desk import missing

    asks = {
        "place": {"zh": "请补充具体位置。", "en": "Where?"},
        "floor rubbish": {"zh": "请补充几楼。", "en": "Which floor?"},
    }
    monkeypatch.setattr(missing.scene_words, "scene_group", lambda _scene, group: asks if group == "asks" else {})
    intake = desk.Intake("rubbish", page_district.PLACE, "portal", {"text": "楼道里垃圾没人收"})
    case = desk.report(intake, by=desk.reporter(str(page_district.person("resident"))), purpose="report").case
    settled()
    whole = page(f"/console/case/{case}")
    assert "还缺：具体位置。问反映人" in whole
    assert "请补充几楼。" in whole
    form = next(f for f in page_steps.FORM.findall(whole) if "请补充几楼" in f)
    fields = dict(page_steps.HIDDEN.findall(form)) | {"text": "请问是几楼?"}
    assert page_district.client("zhou").post(f"/console/case/{case}/do", fields).status_code == 302
    notes = desk.read_case(actor("zhou"), case, purpose="test").texts.values()
    assert [note.text for note in notes if note.kind == "answer"] == ["请问是几楼?"]


@pytest.mark.parametrize(
    ("text", "missing_facts"),
    [
        ("卫生间漏水到我家", ["place", "floor", "contact"]),
        ("中兴路12号3楼漏水", ["contact"]),
        ("三单元五楼漏水,中兴路", ["contact"]),
    ],
)
def test_the_city_asks_for_what_a_leak_needs(text, missing_facts):
    import tomllib

    from bihuan import scenes
    from bihuan.desk import missing

    asks = tomllib.loads((scenes.HERE / "city" / "manifest.toml").read_text("utf-8"))["words"]["asks"]
    before = missing.scene_words.scene_group
    missing.scene_words.scene_group = lambda _scene, _group: asks
    try:
        assert missing.of("city", "S0602", text, has_place=False, has_contact=False) == missing_facts
        assert "floor" not in missing.of("city", "B0110", text, has_place=False, has_contact=False)
    finally:
        missing.scene_words.scene_group = before


def test_a_web_process_loads_no_numpy_for_all_this():
    import subprocess

    code = (
        "import django, sys; django.setup(); import bihuan.desk.suggestions, bihuan.desk.equal,"
        " bihuan.sense.suggest.clerk; print('numpy' in sys.modules)"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "bihuan.wiring.settings"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
    assert done.stdout.strip() == "False", done.stderr


def test_a_model_from_a_file_is_installed_only_with_categories_of_the_scene(district, tmp_path):
    from bihuan.sense.suggest.model import save
    from bihuan.sense.suggest.training import train
    from bihuan.wiring.commands import CannotGoOn

    texts = [f"{where}{text}{n}" for n in range(3) for where in WHERE for text in (*TOLD["manhole"], *TOLD["rubbish"])]
    labels = ["manhole" if "井" in text else "rubbish" for text in texts]
    save(train(texts, labels), tmp_path / "good")
    save(train(texts, ["井" if label == "manhole" else "x" for label in labels]), tmp_path / "bad")
    assert suggesting.install(tmp_path / "good", "city")["macro_f1"] > 0.9
    with pytest.raises(CannotGoOn, match="no categories"):
        suggesting.install(tmp_path / "bad", "city")
    assert [card.what for card in suggestions.cards()] == ["category"]


def test_the_command_says_what_is_missing():
    from bihuan.cli import app

    assert "retrain" in CliRunner().invoke(app, ["suggest", "--help"]).output
