"""The door of the field app: what a telephone may keep, and that what it sends is done once or told why not."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections

import field_site
import page_district
import recordings
from bihuan.desk import api as desk
from bihuan.desk import sounds
from bihuan.kernel import commands as c
from bihuan.kernel.case import Seal
from bihuan.testing import cast
from field_site import Phone, act, dispatched, events

HOUR = 3_600_000


@pytest.fixture
def data(district, settings, tmp_path):
    settings.DATA = tmp_path
    return tmp_path


@pytest.fixture
def wei(data):
    return Phone("wei")


def at_once(work, times=8):
    def one(_):
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


# -- what a telephone may keep -----------------------------------------------------------------------------------


def test_my_tasks_are_those_of_my_unit_the_next_due_first(wei):
    late = dispatched("后天的")
    soon = dispatched("今天的", category="illegal")
    dispatched("别人的", lead=cast.ZHUJIAN)
    told = wei.tasks()
    assert [one["case"] for one in told["tasks"]] == [str(soon), str(late)]
    assert told["tasks"][0]["due"] < told["tasks"][1]["due"]
    first = told["tasks"][0]
    assert (first["category"], first["seen"]["what"], first["seen"]["where"]) == (
        "私搭乱建", "今天的", "中兴路 12 号门口",
    )  # fmt: skip
    assert [need["kind"] for need in told["tasks"][1]["needs"]] == ["photo_after"]


def test_of_a_sealed_case_nothing_but_number_and_due_time_leaves(wei):
    case = dispatched("有人欺负孩子")
    act(case, c.Reseal(Seal.L2, "test"), "zhou")
    told = wei.tasks()["tasks"]
    assert [set(one) for one in told] == [{"number", "due", "sealed"}]
    page = wei.browser.get("/field/tasks").content.decode()
    assert str(case) not in page
    assert "欺负" not in page


def test_the_page_that_stays_on_the_telephone_names_nobody(wei):
    dispatched()
    page = wei.browser.get("/field/").content.decode()
    assert cast.WEI.name not in page
    assert "井盖松了" not in page
    assert wei.who not in page


def test_the_place_of_the_problem_comes_along_and_no_place_of_a_person_is_asked_for(wei):
    case = dispatched(lon=106.55, lat=29.56)
    face = wei.face(case)
    assert (face["lon"], face["lat"], face["about"]) == (106.55, 29.56, False)
    for do in ("take", "finish", "note"):
        assert "refused" in wei.send(wei.entry(do, case, here=[106.5, 29.5])).values()
    assert events(case, "TaskTaken") == []


def test_another_post_of_mine_is_not_needed_to_be_chosen_again(wei):
    """Changed over since: the entry is done in the post in which it was made."""
    case = dispatched()
    with_two = field_site.actor("wei")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO post (person_id, unit_id, role, starts) VALUES (%s, %s, 'handler', %s)",
            [with_two.person, cast.ZHUJIAN, page_district.DAY],
        )
    wei.browser.post("/console/post", {"unit": cast.ZHUJIAN})
    assert wei.tasks()["unit"] == cast.ZHUJIAN
    assert wei.send(wei.entry("take", case))["state"] == "done"
    assert events(case, "TaskTaken")[0]["unit"] == cast.CHENGGUAN
    told = wei.send(wei.entry("take", case) | {"unit": cast.STREET})
    assert (told["state"], told["code"]) == ("refused", "post-gone")


# -- done, once --------------------------------------------------------------------------------------------------


def test_take_arrive_finish_with_photographs_and_a_note(wei, data):
    case = dispatched()
    assert wei.send(wei.entry("take", case))["state"] == "done"
    assert wei.send(wei.entry("arrive", case))["state"] == "done"
    before, after = (wei.upload(field_site.picture(320, 240, seed)) for seed in (1, 2))
    assert wei.send(wei.entry("proof", case, proofs=[{"kind": "photo_before", "ref": before}]))["state"] == "done"
    assert wei.send(wei.entry("note", case, text="要两个人抬"))["state"] == "done"
    proofs = [{"kind": "photo_after", "ref": after}]
    told = wei.send(wei.entry("finish", case, text="已更换井盖", proofs=proofs))
    assert told["state"] == "done"
    view = desk.read_case(field_site.actor("wei"), case)
    assert {proof.kind for proof in view.state.proofs} == {"photo_before", "photo_after"}
    assert {(text.kind, text.text) for text in view.texts.values()} >= {
        ("answer", "已更换井盖"),
        ("work", "要两个人抬"),
    }
    assert wei.tasks()["tasks"] == []


def test_the_steps_of_the_scene_are_a_list_to_tick_off(wei):
    case = dispatched(category="illegal")
    wei.send(wei.entry("take", case))
    assert [one["step"] for one in wei.face(case)["steps"]] == ["stopped"]
    entry = wei.entry("step", case, step="stopped")
    assert [wei.send(entry)["state"] for _ in range(2)] == ["done", "done"]
    assert len(events(case, "StepTaken")) == 1
    assert [one["step"] for one in wei.face(case)["steps"]] == ["punished"]
    assert wei.send(wei.entry("step", case, step="demolished"))["code"] == "step-too-early"


def test_sent_by_many_at_once_it_is_done_once(wei, data):
    case = dispatched()
    ref = wei.upload(field_site.picture(320, 240))
    entry = wei.entry("finish", case, text="已更换", proofs=[{"kind": "photo_after", "ref": ref}])
    told = at_once(lambda: Phone("wei").send(entry))
    assert {one["state"] for one in told} == {"done"}
    assert len(events(case, "TaskFinished")) == 1
    assert len(events(case, "Noted")) == 1


def test_a_report_with_a_photograph_sent_by_many_at_once_is_one_case(wei, data):
    ref = wei.upload(field_site.picture(320, 240))
    entry = wei.entry(
        "report",
        text="路灯不亮",
        category="rubbish",
        place=page_district.PLACE,
        proofs=[{"kind": "photo_site", "ref": ref}],
    )
    told = at_once(lambda: Phone("wei").send(entry))
    assert {one["state"] for one in told} == {"done"}
    assert len({(one["number"], one["code"]) for one in told}) == 1
    (case,) = field_site.from_phones()
    assert len(events(case, "ProofAdded")) == 1
    made = events(case, "Registered")[0]
    assert (made["by"], made["unit"]) == (wei.who, cast.CHENGGUAN)
    assert desk.track(told[0]["code"]).id == case


def test_an_answer_that_was_lost_is_given_again_also_when_the_case_has_moved_on(wei):
    case = dispatched()
    entry = wei.entry("take", case, seen=wei.face(case)["seen"])
    assert wei.send(entry)["state"] == "done"
    act(case, c.ArriveAtTask(1), "wei")
    assert wei.send(entry)["state"] == "done"
    assert len(events(case, "TaskTaken")) == 1


def test_the_same_wish_from_two_telephones_is_done_once_and_neither_hears_a_no(wei):
    case = dispatched()
    seen = wei.face(case)["seen"]
    assert [wei.send(wei.entry("take", case, seen=seen))["state"] for _ in range(2)] == ["done", "done"]
    assert len(events(case, "TaskTaken")) == 1


def test_it_is_recorded_when_it_happened(wei):
    case = dispatched()
    started = desk.now()
    assert wei.send(wei.entry("take", case, age=HOUR))["state"] == "done"
    at = events(case, "TaskTaken")[0]["at"]
    last = events(case, "Dispatched")[0]["at"]
    # Not before the dispatch, which was seconds ago: the earliest that the record allows, and said.
    assert last <= at < (started + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")


def test_told_that_the_time_was_moved(wei):
    case = dispatched()
    assert "最早时刻" in wei.send(wei.entry("take", case, age=HOUR))["note"]
    assert wei.send(wei.entry("arrive", case, age=0))["note"] == ""


# -- photographs in pieces ---------------------------------------------------------------------------------------


def test_a_photograph_comes_in_pieces_from_where_it_was_cut_off(wei, data):
    picture = field_site.picture(800, 600)
    name = hashlib.sha256(picture).hexdigest()
    first = wei.piece(picture, 0)
    assert (first["offset"], first["ref"]) == (65536, "")
    assert wei.piece(picture, 0)["offset"] == 65536  # sent again: nothing is added
    assert wei.piece(picture, 100_000)["offset"] == 65536  # from elsewhere: nothing either
    assert wei.browser.get(f"/field/photos/{name}?size={len(picture)}").json()["offset"] == 65536
    ref = wei.upload(picture)
    again = wei.browser.get(f"/field/photos/{name}?size={len(picture)}").json()
    assert again["ref"] == ref
    assert field_site.photos(data) == [ref.removeprefix("photo:")]
    assert b"Phone of Lin" in picture
    assert b"Phone of Lin" not in desk.read_photo(ref)[0]


def test_pieces_sent_by_many_at_once_make_one_photograph(wei, data):
    picture = field_site.picture(800, 600)
    refs = at_once(lambda: Phone("wei").upload(picture))
    assert len(set(refs)) == 1
    assert len(field_site.photos(data)) == 1
    assert list((data / "uploads").glob("*/*.part")) == []


def test_a_photograph_that_was_damaged_on_its_way_begins_again(wei, data):
    picture = field_site.picture(320, 240)
    told = wei.piece(picture, 0, len(picture), digest="0" * 64)
    assert (told["state"], told["code"]) == ("refused", "photo-damaged")
    assert field_site.photos(data) == []
    assert wei.browser.get(f"/field/photos/{'0' * 64}?size={len(picture)}").json()["offset"] == 0


def test_what_is_no_photograph_is_refused_in_words(wei, data):
    told = wei.piece(b"#!/bin/sh" * 20, 0)
    assert (told["state"], told["code"]) == ("refused", "photo-kind")
    assert "JPEG" in told["text"]


def test_a_spoken_note_is_no_proof_of_the_work_and_a_photograph_is_no_spoken_note(wei, data):
    case = dispatched()
    wei.send(wei.entry("take", case, seen=wei.face(case)["seen"]))
    spoken = wei.upload(recordings.webm())
    shown = wei.upload(field_site.picture(320, 240))
    seen = wei.face(case)["seen"]
    for kind, ref in (("photo_after", spoken), ("voice", shown)):
        told = wei.send(wei.entry("proof", case, seen=seen, proofs=[{"kind": kind, "ref": ref}]))
        assert (told["state"], told["code"]) == ("refused", "broken")
    told = wei.send(wei.entry("voice", case, seen=seen, proofs=[{"kind": "voice", "ref": spoken}]))
    assert told["state"] == "done"
    heard = wei.browser.get(f"/console/case/{case}/voice/{spoken.partition(':')[2]}")
    assert (heard["Content-Type"], heard.content) == ("audio/webm", sounds.bare(recordings.webm(), "webm"))
    other = page_district.client("pan", "zh-hans").get(
        f"/console/case/{dispatched('别的事')}/voice/{spoken.partition(':')[2]}"
    )
    assert other.status_code == 404


def test_nobody_goes_on_with_the_photograph_of_another(wei, data):
    picture = field_site.picture(800, 600)
    wei.piece(picture, 0)
    assert Phone("pan").piece(picture, 65536)["offset"] == 0


def test_what_was_begun_and_never_completed_goes_after_two_days(wei, data):
    import os

    from bihuan.desk import tidy

    picture = field_site.picture(800, 600)
    wei.piece(picture, 0)
    (part,) = (data / "uploads").glob("*/*.part")
    tidy.step()
    assert part.exists()
    old = (desk.now() - timedelta(days=3)).timestamp()
    os.utime(part, (old, old))
    tidy.step()
    assert not part.exists()
    assert wei.upload(picture)


def test_a_photograph_tidied_away_meanwhile_is_asked_for_again(wei, data):
    case = dispatched()
    picture = field_site.picture(320, 240)
    ref = wei.upload(picture)
    for path in (data / "photos").glob("*/*"):
        path.unlink()
    entry = wei.entry("finish", case, text="好了", proofs=[{"kind": "photo_after", "ref": ref}])
    assert wei.send(entry)["code"] == "photo-gone"
    assert wei.upload(picture) == ref
    assert wei.send(entry)["state"] == "done"


# -- changed, refused --------------------------------------------------------------------------------------------


def test_what_changed_meanwhile_is_told_field_by_field_with_both_versions(wei):
    case = dispatched()
    act(case, c.TakeTask(1), "wei")
    seen = wei.face(case)["seen"]
    resident = desk.reporter(str(page_district.person("resident")))
    desk.submit(None, by=resident, case=case, purpose="say", texts={"text": "其实在 14 号门口"})
    (clock,) = [one for one in desk.read_case(field_site.actor("zhou"), case).state.clocks if one.key == "handle"]
    act(case, c.AskExtend(clock.id, 2, "等配件"), "wei")
    act(case, c.Grant(1), "gu")
    entry = wei.entry("finish", case, seen=seen, text="好了")
    told = wei.send(entry)
    assert told["state"] == "changed"
    what, due = told["fields"]
    assert (what["field"], what["then"]) == ("反映内容", "井盖松了，车一压就响")
    assert "其实在 14 号门口" in what["now"]
    assert due["field"] == "办理期限"
    assert due["then"] < due["now"]
    assert events(case, "TaskFinished") == []
    assert "处置后照片" in wei.send(entry | {"seen": told["now"]})["text"]  # judged, and now refused for another reason


def test_a_change_that_does_not_matter_to_the_step_stops_nothing(wei):
    case = dispatched()
    seen = wei.face(case)["seen"]
    act(case, None, "zhou", texts={"work": "请尽快"})
    assert wei.send(wei.entry("take", case, seen=seen))["state"] == "done"


def test_what_a_step_changes_of_its_own_is_told_apart_from_what_others_changed(wei):
    case = dispatched()
    seen = wei.face(case)["seen"]
    resident = desk.reporter(str(page_district.person("resident")))
    desk.submit(None, by=resident, case=case, purpose="say", texts={"text": "又坏了一个"})
    told = wei.send(wei.entry("arrive", case, seen=seen))
    assert told["state"] == "refused"  # not taken yet
    assert wei.send(wei.entry("take", case, seen=seen))["moved"] == {"status": ["open", "mine"]}


def test_a_colleague_was_faster(wei):
    case = dispatched()
    seen = wei.face(case)["seen"]
    act(case, c.TakeTask(1), "gu")
    told = wei.send(wei.entry("take", case, seen=seen))
    assert ("谁在办", "还没有人接", "同事在办") in [(f["field"], f["then"], f["now"]) for f in told["fields"]]
    insisted = wei.send(wei.entry("take", case, seen=told["now"]))
    assert insisted["state"] == "refused"
    assert "名额已满" in insisted["text"]


def test_without_its_proof_it_is_refused_in_words(wei):
    case = dispatched()
    told = wei.send(wei.entry("finish", case, text="好了"))
    assert told["state"] == "refused"
    assert "处置后照片" in told["text"]
    assert told["law"]


@pytest.mark.parametrize("how", ["elsewhere", "sealed", "merged"])
def test_a_case_that_is_no_longer_his_is_told_without_a_word_about_it(wei, how):
    case = dispatched()
    entry = wei.entry("finish", case, text="好了", seen=wei.face(case)["seen"])
    if how == "elsewhere":
        act(case, c.ReturnTask(1, "不归我们", "职责清单"), "wei")
        act(case, c.Grant(1), "zhou")
        act(case, c.Dispatch(cast.ZHUJIAN, reason="改派"), "zhou")
    elif how == "sealed":
        act(case, c.Reseal(Seal.L2, "test"), "zhou")
    else:
        desk.merge(case, dispatched("另一件"), by=field_site.actor("zhou"), purpose="test")
    told = wei.send(entry)
    assert told["state"] == "refused"
    if how != "merged":
        assert told["code"] == "gone"
        assert told["forget"]
    assert "井盖" not in json.dumps(told, ensure_ascii=False)


def test_nothing_goes_out_under_another_name(wei):
    case = dispatched()
    entry = wei.entry("take", case)
    assert Phone("gu").send(entry, who=wei.who)["state"] == "another"
    assert events(case, "TaskTaken") == []


def test_signed_out_it_is_told_so_and_not_shown_a_page(wei):
    stranger = page_district.client()
    answer = stranger.get("/field/tasks")
    assert (answer.status_code, answer.json()["state"]) == (401, "signed-out")
    assert stranger.get("/field/").headers["Location"].startswith("/login/?next=/field/")


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        json.dumps({"key": "1" * 32, "unit": "chengguan", "do": "explode", "age": 0}).encode(),
        json.dumps({"key": "short", "unit": "chengguan", "do": "take", "age": 0}).encode(),
        json.dumps({"key": "1" * 32, "unit": "chengguan", "do": "take", "age": -5}).encode(),
        json.dumps({"key": "1" * 32, "unit": "chengguan", "do": "take", "age": 0}).encode(),
        json.dumps({"key": "1" * 32, "unit": "chengguan", "do": "report", "age": 0, "text": "\x00"}).encode(),
    ],
)
def test_nonsense_is_refused_and_leaves_nothing(wei, wrong):
    answer = wei.post("/field/act", wrong)
    assert answer.status_code in {200, 413}
    assert answer.json()["state"] in {"refused", "broken"}
    assert field_site.from_phones() == []


def test_too_much_is_refused(wei, data):
    assert wei.post("/field/act", b"x" * 70_000).status_code == 413
    big = wei.post(f"/field/photos/{'0' * 64}?size=9&offset=0", b"x" * 600_000, "application/octet-stream")
    assert big.status_code == 413
    told = wei.piece(b"x", 0, digest="1" * 64, size=9 * 1024 * 1024)
    assert told["code"] == "photo-too-big"


def test_too_fast_is_told_when_to_come_again(wei, monkeypatch):
    from bihuan.faces.field import gate
    from bihuan.faces.portal.rate import Limiter

    monkeypatch.setattr(gate, "limiter", Limiter(3))
    answers = [wei.browser.get("/field/tasks") for _ in range(5)]
    assert [one.status_code for one in answers[:3]] == [200] * 3
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_form_of_another_site_does_nothing(wei):
    from django.contrib.auth.models import User
    from django.test import Client

    case = dispatched()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="wei"), backend="django.contrib.auth.backends.ModelBackend")
    answer = strict.post(
        "/field/act", json.dumps(wei.entry("take", case)), content_type="application/json",
        headers={"X-Field-Who": wei.who},
    )  # fmt: skip
    assert answer.status_code == 403
    assert events(case, "TaskTaken") == []


# -- the app as files --------------------------------------------------------------------------------------------


def test_the_worker_names_every_file_of_the_app_and_each_is_there(district):
    import re

    from bihuan.faces.field import shell

    worker = district.client().get("/field/sw.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert shell.version() in worker.content.decode()
    listed = set(json.loads(re.search(r"FILES = (\[.*\])", worker.content.decode())[1]))
    page = district.client("wei").get("/field/").content.decode()
    used = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    scripts = Path(shell.STATIC / "faces/field").glob("*.js")
    imported = {
        f"/static/faces/field/{name}" for one in scripts for name in re.findall(r'from "\./([\w.]+)"', one.read_text())
    }
    assert used | imported <= listed
    assert all((shell.STATIC / path.removeprefix("/static/")).is_file() for path in listed)


def test_the_app_can_be_installed(district):
    told = district.client().get("/field/manifest.webmanifest").json()
    assert (told["start_url"], told["scope"], told["display"]) == ("/field/", "/field/", "standalone")
    assert {icon["sizes"] for icon in told["icons"]} == {"192x192", "512x512"}
    assert district.client(language="en").get("/field/manifest.webmanifest").json()["name"] == "Bihuan Field"


def test_every_word_that_the_script_says_stands_on_the_page(district):
    """The script has no words of its own: it takes them from the page by name."""
    import re

    from bihuan.faces.field import shell

    page = district.client("wei").get("/field/").content.decode()
    known = set(re.findall(r'<data value="([\w-]+)"', page))
    folder = shell.STATIC / "faces/field"
    text = "".join((folder / name).read_text() for name in ("app.js", "view.js"))
    assert set(re.findall(r'say\("([\w-]+)"', text)) <= known
    assert not re.search(r"[\u4e00-\u9fff]", "".join(one.read_text() for one in folder.glob("*.js")))


def test_nothing_of_it_is_large(district):
    from bihuan.faces.field import shell

    assert sum((shell.STATIC / name).stat().st_size for name in shell.FILES) < 80_000
