"""Photographs with a report, a point on the map, a suggested category, stars, words blacked out."""

import json
import os
import re

import psycopg
import pytest

import page_district
from bihuan.desk import api as desk
from bihuan.desk import feed, keyring, search
from bihuan.desk.instant import wall
from bihuan.kernel import commands as c
from field_site import act, actor, finished, picture


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path, district):
    settings.DATA = tmp_path


def text_of(answer, status=200):
    assert answer.status_code == status, answer.content.decode()[:400]
    return answer.content.decode()


def hidden(page):
    return dict(re.findall(r'<input type="hidden" name="(\w+)"(?: id="\w+")? value="([^"]*)"', page))


def photo(seed=1):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("a.jpg", picture(160, 120, seed=seed), content_type="image/jpeg")


def walked(browser, photos=(), **fields):
    """Through the three steps; the address of the receipt."""
    given = {"text": "井盖松了，车一压就响", "category": "manhole", "step": "1", "photo": list(photos)} | fields
    page = text_of(browser.post("/report", given))
    page = text_of(
        browser.post("/report", hidden(page) | {"step": "2", "place": page_district.PLACE, "address": "巷口"})
    )
    answer = browser.post("/report", hidden(page) | {"step": "3"})
    assert answer.status_code == 302, text_of(answer)
    return answer["Location"].partition("?")[0]


def case_of(address):
    return desk.track(address.rpartition("/")[2]).id


# --- photographs


def test_photographs_travel_with_the_report_and_only_the_holder_of_the_code_sees_them():
    browser = page_district.client()
    address = walked(browser, [photo(1), photo(2)])
    page = text_of(browser.get(address))
    shown = re.findall(rf'src="({address}/photo/[^"]+)"', page)
    assert len(shown) == 2
    answer = browser.get(shown[0])
    assert answer["Content-Type"] == "image/jpeg"
    assert b"Phone of Lin" not in answer.content
    other = walked(browser)
    assert browser.get(shown[0].replace(address, other)).status_code == 404
    state = desk.read_case(actor("zhou"), case_of(address), purpose="test").state
    assert [proof.kind for proof in state.proofs] == ["photo", "photo"]


def test_a_form_sent_twice_adds_its_photographs_once():
    browser = page_district.client()
    page = text_of(browser.post("/report", {"text": "井盖", "category": "manhole", "step": "1", "photo": [photo()]}))
    page = text_of(browser.post("/report", hidden(page) | {"step": "2", "place": page_district.PLACE}))
    last = hidden(page) | {"step": "3"}
    first, again = browser.post("/report", last), browser.post("/report", last)
    assert first["Location"] == again["Location"]
    code = first["Location"].partition("?")[0].rpartition("/")[2]
    assert len(desk.track(code).pictures) == 1


@pytest.mark.parametrize(
    ("files", "said"),
    [([b"GIF89a not a picture"], "第 1 张照片"), ([b"\xff\xd8\xff broken"], "第 1 张照片"), ([b"x"] * 5, "最多 4 张")],
)
def test_what_is_no_photograph_is_said_with_its_place_and_nothing_is_lost(files, said):
    from django.core.files.uploadedfile import SimpleUploadedFile

    sent = [SimpleUploadedFile("a.jpg", data) for data in files]
    fields = {"text": "井盖松了", "category": "manhole", "step": "1", "photo": sent}
    page = text_of(page_district.client().post("/report", fields), status=422)
    assert said in page
    assert "井盖松了" in page


def test_photographs_may_be_added_later():
    browser = page_district.client()
    address = walked(browser)
    browser.post(f"{address}/say", {"do": "note", "text": "", "photo": [photo()], "key": "k1"})
    assert len(desk.track(address.rpartition("/")[2]).pictures) == 1
    assert "或者选照片" in text_of(browser.post(f"{address}/say", {"do": "note", "text": ""}), status=422)


# --- where and what


def square(place, name, box):
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"place": place, "name": name}, "geometry": geometry}


def areas():
    found = [
        square("500103", "示范区", (106.50, 29.50, 106.60, 29.60)),
        square(page_district.PLACE, "梧桐社区", (106.52, 29.52, 106.54, 29.54)),
    ]
    desk.import_areas(json.dumps({"type": "FeatureCollection", "features": found}))


def test_a_point_on_the_map_gives_the_community_and_the_case_its_coordinates(monkeypatch):
    from bihuan.desk import places
    from bihuan.faces.portal import sketch, spot

    areas()
    monkeypatch.setattr(places, "STALE_AFTER", 0)
    browser = page_district.client()
    page = text_of(browser.post("/report", {"text": "井盖松了", "category": "manhole", "step": "1"}))
    x, y = spot.frame().at(106.53, 29.53)
    press = {"map.x": round(x * spot.WIDTH / sketch.WIDTH), "map.y": round(y * spot.WIDTH / sketch.WIDTH)}
    page = text_of(browser.post("/report", hidden(page) | {"step": "2", "place": "", **press}))
    assert "点在：梧桐社区" in page
    assert f'<option value="{page_district.PLACE}" selected' in page
    assert "/report/map.svg?lon=" in page
    fields = hidden(page) | {"step": "2", "place": page_district.PLACE}
    page = text_of(browser.post("/report", fields))
    answer = browser.post("/report", hidden(page) | {"step": "3"})
    case = case_of(answer["Location"].partition("?")[0])
    lon, lat = desk.points(actor("zhou"), [case])[case]
    assert (lon, lat) == (pytest.approx(106.53, abs=5e-4), pytest.approx(29.53, abs=5e-4))


def test_a_point_in_a_street_without_its_communities_is_still_a_place(monkeypatch):
    from bihuan.desk import places
    from bihuan.faces.portal import sketch, spot

    street = square("500103013", "石桥街道", (106.50, 29.50, 106.60, 29.60))
    desk.import_areas(json.dumps({"type": "FeatureCollection", "features": [street]}))
    monkeypatch.setattr(places, "STALE_AFTER", 0)
    browser = page_district.client()
    page = text_of(browser.post("/report", {"text": "井盖松了", "category": "manhole", "step": "1"}))
    x, y = spot.frame().at(106.53, 29.53)
    press = {"map.x": round(x * spot.WIDTH / sketch.WIDTH), "map.y": round(y * spot.WIDTH / sketch.WIDTH)}
    page = text_of(browser.post("/report", hidden(page) | {"step": "2", "place": "", **press}))
    page = text_of(browser.post("/report", hidden(page) | {"step": "2", "place": "-"}))
    assert "石桥街道" in page
    answer = browser.post("/report", hidden(page) | {"step": "3"})
    state = desk.read_case(actor("zhou"), case_of(answer["Location"].partition("?")[0]), purpose="test").state
    assert state.place == "500103013"


def test_a_keyboard_that_presses_the_map_chooses_nothing():
    areas()
    browser = page_district.client()
    page = text_of(browser.post("/report", {"text": "井盖松了", "category": "manhole", "step": "1"}))
    fields = hidden(page) | {"step": "2", "place": "", "map.x": "0", "map.y": "0"}
    assert "请选社区" in text_of(browser.post("/report", fields), status=422)


def test_the_map_is_a_picture_without_a_script():
    areas()
    answer = page_district.client().get("/report/map.svg?lon=106.53&lat=29.53")
    assert answer["Content-Type"] == "image/svg+xml"
    assert "<circle" in answer.content.decode()
    assert "<circle" not in page_district.client().get("/report/map.svg?lon=x&lat=9").content.decode()


def test_a_category_is_suggested_from_the_words_and_stays_the_reporters_choice():
    page = text_of(page_district.client().post("/report", {"text": "门口井盖缺了一块", "step": "1"}), status=422)
    likely = re.search(r'<div id="likely">.*?</div></div>', page, re.DOTALL)[0]
    assert 'value="manhole"' in likely
    assert "checked" not in likely
    assert desk.likely_choices("完全不相干") == []


# --- stars and black ink


def test_after_the_close_the_result_is_rated_once_and_the_team_reads_it():
    address = walked(page_district.client())
    case = case_of(address)
    browser = page_district.client()
    assert "几颗星" not in text_of(browser.get(address))
    act(case, c.Accept(), "zhou")
    act(case, c.Dispatch(""), "zhou")
    finished(case)
    assert "几颗星" in text_of(browser.get(address))
    assert "请选一到五颗星" in text_of(browser.post(f"{address}/say", {"do": "rate", "stars": "9"}), status=422)
    browser.post(f"{address}/say", {"do": "rate", "stars": "4", "key": "k"})
    page = text_of(browser.get(address))
    assert "您的评分：4/5" in page
    assert "几颗星" not in page
    assert "请选" in text_of(browser.post(f"{address}/say", {"do": "rate", "stars": "1", "key": "k2"}), status=422)
    texts = desk.read_case(actor("zhou"), case, purpose="test").texts.values()
    assert [one.text for one in texts if one.kind == "rating"] == ["4/5"]


def test_words_blacked_out_are_gone_for_everybody_for_search_and_for_the_backup():
    browser = page_district.client()
    address = walked(browser, text="张三家门口的井盖松了")
    case = case_of(address)
    feed.settle()
    search.settle()
    with psycopg.connect(os.environ["BIHUAN_OWNER_DATABASE_URL"], autocommit=True) as owner:
        boxes = owner.execute("SELECT id, box FROM vault_item WHERE kind = 'text'").fetchall()
        assert browser.post(f"{address}/say", {"do": "redact", "words": "张三家"}).status_code == 302
        page = text_of(browser.get(address))
        assert "■■■门口的井盖松了" in page
        assert "张三" not in page
        texts = [one.text for one in desk.read_case(actor("zhou"), case, purpose="test").texts.values()]
        assert not any("张三" in text for text in texts)
        assert search.find(actor("zhou"), "张三").found == ()
        # A backup of before brings the box back: it is emptied again at the start, and not opened before that.
        owner.execute("ALTER TABLE vault_item DISABLE TRIGGER vault_item_only_empty")
        owner.execute("UPDATE vault_item SET box = %s WHERE id = %s", [boxes[0][1], boxes[0][0]])
        owner.execute("ALTER TABLE vault_item ENABLE TRIGGER vault_item_only_empty")
        assert "张三" not in text_of(browser.get(address))
        assert keyring.apply_erasures(wall()) == 1
        assert owner.execute("SELECT octet_length(box) FROM vault_item WHERE id = %s", [boxes[0][0]]).fetchone() == (0,)


def test_only_what_one_wrote_oneself_can_be_blacked_out():
    browser = page_district.client()
    address = walked(browser)
    case = case_of(address)
    act(case, None, "zhou", texts={"answer": "请找张三"})
    assert "没有这几个字" in text_of(browser.post(f"{address}/say", {"do": "redact", "words": "张三"}), status=422)
    assert "照原样" in text_of(browser.post(f"{address}/say", {"do": "redact", "words": " "}), status=422)
