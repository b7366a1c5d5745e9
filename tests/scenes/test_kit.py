"""Scaffold, check and show: a new scene works at once, and every slip is said with its place."""

# ruff: noqa: E501 - a slip, its place and its words stand on one line

import shutil

import pytest
from django.test import Client
from typer.testing import CliRunner

from bihuan import cli, scenes
from bihuan.desk import api
from bihuan.testing import conformance, kit
from bihuan.wiring.site import tell_scenes

UNITS = {"d", "l", "v"}


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """A fresh scene in a folder of its own, which is also where scenes are looked for."""
    monkeypatch.setattr(scenes, "HERE", tmp_path)
    scenes.load.cache_clear()
    conformance.book_of.cache_clear()
    kit.scaffold(tmp_path / "lifts", "电梯", "Lifts", desk="d", lead="l", verifier="v")
    yield tmp_path / "lifts"
    scenes.load.cache_clear()
    conformance.book_of.cache_clear()


def change(file, old, new):
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def said(folder, units=UNITS, notices=False):
    return [str(one) for one in kit.check(folder, units) if notices or not one.is_notice]


def test_a_new_scene_passes_its_checks_at_once(scene):
    assert said(scene, notices=True) == []
    info = scenes.load("lifts")
    assert (info.name, info.name_en) == ("电梯", "Lifts")


@pytest.mark.parametrize("key", ["Lift", "1x", "x", "a-b", "../x", "x" * 25])
def test_a_key_that_cannot_be_one_makes_nothing(tmp_path, key):
    with pytest.raises(kit.CannotMake):
        kit.scaffold(tmp_path / key, "", "", desk="d", lead="l", verifier="v")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_overwritten(scene):
    with pytest.raises(kit.CannotMake, match="exists already"):
        kit.scaffold(scene, "", "", desk="d", lead="l", verifier="v")
    assert said(scene) == []


FIELD = '[fields.floor]\nlabel = { zh = "楼层", en = "Floor" }\n'
LETTER = '[letters.a]\ntitle = { zh = "函", en = "Letter" }\nstep = "looked"\nparts = ["found"]\nbasis = "x"\n'
SLIPS = {
    "not TOML": ('key = "lifts"', "key = ", "manifest.toml:3:", "not TOML"),
    "a word without English": ('zh = "受理", en = "Accept"', 'zh = "受理"', "manifest.toml:45:", "'en' is missing"),
    "no word at all": ('verify = { zh = "核查", en = "Verify" }\n', "", "[words.clocks]", "no word for 'verify'"),
    "a word for nothing": ("[words.steps]\n", '[words.steps]\ngone = { zh = "没了", en = "Gone" }\n', "manifest.toml:36:1", "take it out"),
    "an unknown key": ('level = "draft"', 'level = "draft"\ncolour = "red"', "manifest.toml:11:1", "known are"),
    "the wrong type": ("kernel_api = 1", 'kernel_api = "1"', "manifest.toml:8:1", "whole number"),
    "a level": ('level = "draft"', 'level = "perfect"', "manifest.toml:10:1", "allowed are draft"),
    "a kind": ('kind = "date"', 'kind = "moment"', "manifest.toml:18:1", "allowed are text, choice"),
    "a choice without options": ('kind = "date"', 'kind = "choice"', "manifest.toml:16:1", "a choice has options"),
    "a step that is not there": ('ask = ["looked"]', 'ask = ["seen"]', "manifest.toml:23:1", "no step 'seen'"),
    "required, and the table does not say so": ("[fields.found]", FIELD + 'required = true\nask = ["looked"]\n[fields.found]', "manifest.toml:22:1", "add 'floor'"),
    "a field that marks people": ("[fields.since]", "[fields.risk_level]", "manifest.toml:16:1", "law 9"),
    "a field of the loop": ("[fields.since]", "[fields.contact]", "manifest.toml:16:1", "use small letters"),
    "a field of the import": ("[fields.since]", "[fields.origin]", "manifest.toml:16:1", "use small letters"),
    "a page outside the console": ("[indicators.on_time]", '[page]\nhome = "/x/"\nname = { zh = "页", en = "Page" }\n[indicators.on_time]', "manifest.toml:31:1", "address of the console"),
    "personal, and not listed": ('kind = "date"', 'kind = "date"\npersonal = true', "manifest.toml:11:1", "add 'since'"),
    "an indicator of no clock": ('clock = "handle"', 'clock = "wait"', "manifest.toml:33:1", "no such clock"),
    "a step to step back that is not there": ('level = "draft"', 'level = "draft"\nrecusal = ["left"]', "manifest.toml:11:1", "no step 'left'"),
    "a step to tell that is not there": ('level = "draft"', 'level = "draft"\ntold = ["left"]', "manifest.toml:11:1", "no step 'left'"),
    "bounds of what is no number": ('kind = "date"', 'kind = "date"\nleast = 1', "manifest.toml:18:1", "belong to numbers"),
    "a review until no clock": ("[indicators.on_time]", '[reviews]\nuntil = ["wait"]\n[indicators.on_time]', "manifest.toml:31:1", "no such clock"),
    "a letter that nobody signs": ("[indicators.on_time]", LETTER + 'signed = "signed"\n[indicators.on_time]', "manifest.toml:35:1", "no such step"),
    "a letter for no category": ("[indicators.on_time]", LETTER + 'categories = ["Z"]\n[indicators.on_time]', "manifest.toml:35:1", "no category begins so"),
    "a letter whose part nobody asks for": ("[indicators.on_time]", LETTER.replace("found", "since") + "[indicators.on_time]", "manifest.toml:", "does not require 'since'"),
    "a button for no category": ("[words.common]\nA01", "[words.common]\nA02", "manifest.toml:42:1", "no category 'A02'"),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_the_manifest_is_said_with_its_place_and_what_to_do(scene, slip):
    old, new, where, what = SLIPS[slip]
    change(scene / "manifest.toml", old, new)
    found = said(scene)
    assert [one for one in found if where in one and what in one], found


TABLES = {
    "no such unit": ("routes", "all,,,l", "all,,,nobody", "tables/routes.csv:2:4", "no unit 'nobody'"),
    "no such desk": ("book", "desks,d", "desks,x", "tables/book.csv:6:2", "no unit 'x'"),
    "a step that waits for itself": ("steps", "handler,,found", "handler,looked,found", "tables/steps.csv:2:5", "wait for one another"),
    "a role that nobody has": ("steps", "handler", "wizard", "tables/steps.csv:2:4", "roles are"),
    "a clock that never stops": ("clocks", "step:looked;answered;declined", "accepted", "tables/clocks.csv:6:7", "never stops"),
    "a clock that holds the answer for ever": ("clocks", "step:looked;answered;declined", "declined", "tables/clocks.csv:6:7", "never be answered"),
    "an empty cell": ("categories", "A01,第一类事项", "A01,", "tables/categories.csv:2:2", "must not be empty"),
    "no English name": ("categories", "First kind of matter", "", "tables/categories.csv:2:3", "English"),
    "a key twice": ("ladder", "120,催办,head", "75,预警,lead", "tables/ladder.csv:3", "repeats row 2"),
}  # fmt: skip


@pytest.mark.parametrize("slip", TABLES)
def test_a_slip_in_a_table_is_said_with_its_row_and_column(scene, slip):
    table, old, new, where, what = TABLES[slip]
    change(scene / "tables" / f"{table}.csv", old, new)
    found = said(scene)
    assert [one for one in found if where in one and what in one], found


def test_a_sealed_scene_has_no_public_map(scene):
    change(scene / "tables" / "book.csv", "内部", "专案")
    change(scene / "manifest.toml", '["photos"]', '["photos", "map"]')
    found = said(scene, notices=True)
    assert any("manifest.toml:13:1" in one and "no public map" in one for one in found), found
    assert any("seal_note" in one for one in found)


def test_rules_are_pure_and_their_refusals_have_words(scene):
    file = scene / "rules.py"
    file.write_text("import os\nfrom bihuan.kernel.refused import Refused\n\nNO = Refused('too-late')\n", "utf-8")
    found = said(scene)
    assert any("rules.py:1:1" in one and "neither kernel nor pure" in one for one in found), found
    assert any("define refuse" in one for one in found)
    assert any("no word for 'too-late'" in one for one in found)
    file.write_text("def refuse(:\n", "utf-8")
    assert any(one.startswith("rules.py:1:") and "not Python" in one for one in said(scene))


def test_what_is_missing_whole_is_said(scene, tmp_path):
    assert "missing" in said(tmp_path / "nothing")[0]
    shutil.rmtree(scene / "tables")
    assert "tables" in said(scene)[0]


# -- the command line ---------------------------------------------------------------------------------------------


def run(*args):
    return CliRunner().invoke(cli.app, ["scene", *args])


def test_new_check_and_show_from_the_command_line(scene, tmp_path):
    told = run("new", "trees", "--name", "行道树", "--name-en", "Street trees")
    assert told.exit_code == 0, told.output
    assert "wiring/settings.py" in told.output
    assert run("check", "trees").exit_code == 0
    shown = run("show", "trees", "--html", str(tmp_path / "trees.html"))
    for words in ("行道树", "怎么走", "城市管理局", "5 个工作日", "到场查看", "按期办结率"):
        assert words in shown.output, words
    assert "Street trees" in run("show", "trees", "--lang", "en").output
    page = (tmp_path / "trees.html").read_text("utf-8")
    assert page.count("<rect") == 7
    assert "<script" not in page
    change(tmp_path / "trees" / "manifest.toml", "summary_en", "sumary_en")
    scenes.load.cache_clear()
    wrong = run("check", "trees")
    assert wrong.exit_code == 1
    assert "scenes/trees/manifest.toml:7:1" in wrong.output
    assert '"line": 7' in run("check", "trees", "--json").output
    assert run("show", "trees").exit_code == 1
    assert run("check", "nothing").exit_code == 1
    assert run("new", "trees").exit_code == 1


def test_the_how_to_walked_from_the_scaffold_to_a_report_on_the_page(district, scene, settings):
    """docs/howto/declare-your-own-scene.md: made, a field added, turned on, reported by a resident, closed."""
    folder = scene.parent / "trees"
    kit.scaffold(folder, "行道树", "Street trees", desk="yz.zhzx", lead="yz.cgj", verifier="yz.jdzx")
    manifest = folder / "manifest.toml"
    field = '\n[fields.building]\nlabel = { zh = "几栋几单元", en = "Which entrance" }\nrequired = true\nmost = 40\n'
    manifest.write_text(manifest.read_text("utf-8") + field, "utf-8")
    assert said(folder, {unit.code for unit in api.organisation.every_unit()}) == []
    settings.SCENES = ["trees"]
    tell_scenes()
    assert list(scenes.install()) == [("trees", api.upkeep.read_book(folder / "tables").version)]
    page = Client(headers={"accept-language": "zh-hans"}).get("/report?scene=trees").content.decode()
    assert "几栋几单元" in page
    told = Client().get("/api/v1/scenes").json()["scenes"]
    assert [one["key"] for one in told] == ["trees"]
    conformance.Conformance().test_through_the_desk_it_closes_on_proof_and_the_reporter_follows_it("trees")


# -- the suite that every scene inherits can fail -----------------------------------------------------------------


BROKEN = {
    "test_the_check_finds_nothing": ("manifest.toml", 'en = "Accept"', 'en = ""'),
    "test_every_step_can_be_taken": ("tables/steps.csv", "handler,,found", "handler,looked,found"),
    "test_every_clock_starts_and_stops": ("tables/clocks.csv", "dispatched,step:looked;", "step:looked,"),
    "test_a_case_of_each_category_comes_to_its_end": ("tables/clocks.csv", "step:looked;answered;declined", "declined"),
    "test_a_case_by_each_route_comes_to_its_end": ("tables/clocks.csv", "step:looked;answered;declined", "declined"),
}


@pytest.mark.parametrize("test", BROKEN)
def test_the_suite_fails_where_a_scene_is_broken(district, scene, test):
    whole = conformance.Conformance()
    if test != "test_the_check_finds_nothing":  # the units of this scene are not those of the demo
        getattr(whole, test)("lifts")
    scenes.load.cache_clear()
    conformance.book_of.cache_clear()
    file, old, new = BROKEN[test]
    change(scene / file, old, new)
    if test == "test_every_clock_starts_and_stops":
        change(scene / "tables/steps.csv", "handler,,found", "handler,looked,found")
    with pytest.raises((AssertionError, scenes.BadManifest, api.upkeep.rulebooks.BadRulebook)):
        getattr(whole, test)("lifts")
