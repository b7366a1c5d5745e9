"""The pages in which a community writes, tries, publishes, exports and retires a scene of its own."""

import io
import re
import zipfile
from html import unescape

import pytest
from django.db import connection

from bihuan.desk import api
from bihuan.desk.micro import told


@pytest.fixture(autouse=True)
def fresh(district):
    """A community worker and somebody of her street, beside the cast."""
    from bihuan.wiring.site import fill_ports

    fill_ports()
    told.forget()
    district.add("lan", "蓝演示", district.cast.COMMUNITY, "handler")
    district.add("hai", "海演示", district.cast.STREET, "head")
    yield
    told.forget()


@pytest.fixture
def browser(district):
    return district.client("lan")


def new(browser, name="楼道灯"):
    from bihuan.testing import cast

    answer = browser.post("/console/scenes", {"name": name, "unit": cast.COMMUNITY})
    assert answer.status_code == 302
    return answer.headers["Location"]


def form(page):
    """What a browser would send of the big form."""
    text = page[page.index('name="turn"') - 40 : page.rindex('value="save"')]
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', text))
    fields |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)<', text))
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body) or re.search(r'value="([^"]*)"', body)
        fields[name] = chosen[1] if chosen else ""
    return {name: unescape(value) for name, value in fields.items()}


def send(browser, address, do="save", **changes):
    typed = form(browser.get(address).content.decode())
    return browser.post(address.partition("?")[0].partition("#")[0], typed | changes | {"do": do})


def ready(browser, **changes):
    address = new(browser)
    basis = {f"clocks-{n}-basis": "居民公约" for n in range(1, 5)}
    answer = send(browser, address, basis="居民公约第三条", **basis, **changes)
    assert answer.headers["Location"].endswith("?done=saved")
    return address


def turn(browser, address):
    return re.search(r'name="turn" value="(\d+)"', browser.get(address).content.decode())[1]


def publish(browser, address):
    return browser.post(address, {"turn": turn(browser, address), "do": "publish", "reason": "议事会通过"})


def test_a_new_scene_says_what_is_left_to_write_and_where(browser):
    page = browser.get(new(browser)).content.decode()
    assert 'href="#basis"' in page
    assert 'href="#clocks-1-basis"' in page
    assert page.count('aria-invalid="true"') == 5
    assert "发布第" not in page


def test_rows_are_added_and_removed_without_a_script(browser):
    address = ready(browser)
    answer = send(browser, address, do="add:fields")
    assert answer.headers["Location"] == f"{address}?add=fields#fields"
    page = browser.get(answer.headers["Location"]).content.decode()
    assert 'name="fields-1-name"' in page
    answer = send(browser, f"{address}?add=fields", **{"fields-1-name": "几楼", "fields-1-kind": "number"})
    assert 'value="几楼"' in browser.get(address).content.decode()
    send(browser, address, do="drop:fields:1")
    assert "几楼" not in browser.get(address).content.decode()


def test_from_the_page_to_a_report_under_its_community(browser, district):
    address = ready(browser)
    answer = publish(browser, address)
    assert answer.headers["Location"].endswith("?done=published")
    key = address.rsplit("/", 1)[1]
    stranger = district.client()
    for page in ("/", "/report", f"/places/{district.PLACE}"):
        text = stranger.get(page).content.decode()
        assert f"/report?scene={key}" in text, page
    places = stranger.post(
        "/report", {"step": "1", "scene": key, "text": "三楼灯不亮", "category": "-"}
    ).content.decode()
    assert "梧桐社区" in places
    assert "红梅社区" not in places, "its own ground alone"
    sent = {"step": "3", "scene": key, "text": "三楼灯不亮", "category": "-", "place": district.PLACE, "key": "a" * 32}
    receipt = stranger.post("/report", sent)
    assert receipt.status_code == 302
    view = api.track(receipt.headers["Location"].split("/")[2].partition("?")[0])
    assert view.state.scene == key


def test_a_trial_shows_the_way_and_its_clocks_and_stores_no_case(browser):
    address = ready(browser)
    page = browser.post(f"{address}/try", {"late": ""}).content.decode()
    at = [page.index(word) for word in ("登记", "立案" if "立案" in page else "受理", "已结案")]
    assert at == sorted(at)
    late = browser.post(f"{address}/try", {"late": "yes"}).content.decode()
    assert 'class="bad"' in late
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM case_row")
        assert cursor.fetchone() == (0,)


def test_nothing_is_tried_published_or_exported_while_something_is_wrong(browser):
    address = new(browser)
    assert browser.post(f"{address}/try", {}).status_code == 422
    assert browser.get(f"{address}/export").status_code == 409
    assert publish(browser, address).status_code == 422
    assert api.own_scene_choices() == []


def test_the_export_is_a_folder_that_passes_the_check(browser, tmp_path):
    from bihuan.testing import kit

    address = ready(browser)
    key = address.rsplit("/", 1)[1]
    packed = browser.get(f"{address}/export")
    zipfile.ZipFile(io.BytesIO(packed.content)).extractall(tmp_path)
    units = {unit.code for unit in api.organisation.every_unit()}
    assert [one for one in kit.check(tmp_path / key, units) if not one.is_notice] == []
    assert browser.get(f"{address}/export").content == packed.content


def test_the_second_of_two_editors_is_told_who_was_first(browser, district):
    address = ready(browser)
    typed = form(browser.get(address).content.decode())
    other = district.client("hai")
    assert send(other, address, summary="楼道照明").status_code == 302
    answer = browser.post(address, typed | {"do": "save", "summary": "我的话"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "海演示" in page
    assert "我的话" in page, "what was typed is not lost"
    assert 'value="楼道照明"' not in page
    assert "楼道照明" in browser.get(address).content.decode()


def test_whoever_has_no_post_there_finds_nothing(browser, district):
    address = ready(browser)
    for account in ("zhou", "feng", "su"):
        other = district.client(account)
        assert other.get(address).status_code == 404
        assert other.post(address, {"do": "retire", "reason": "不要了", "turn": "1"}).status_code == 404
        assert other.get(f"{address}/export").status_code == 404
        assert other.post(f"{address}/try", {}).status_code == 404


def test_a_retired_scene_stands_on_no_page_for_residents(browser, district):
    address = ready(browser)
    publish(browser, address)
    answer = browser.post(address, {"turn": turn(browser, address), "do": "retire", "reason": "全区统一办理"})
    assert answer.headers["Location"].endswith("?done=retired")
    key = address.rsplit("/", 1)[1]
    stranger = district.client()
    assert key not in stranger.get("/").content.decode()
    said = {"step": "1", "scene": key, "text": "三楼灯不亮", "category": "-"}
    assert "不在那里收了" in stranger.post("/report", said).content.decode(), "whoever was writing is told"
    assert "全区统一办理" in browser.get(address).content.decode()
    assert send_is_refused(browser, address)


def send_is_refused(browser, address):
    return browser.post(address, {"turn": "9", "do": "save", "name": "又来"}).status_code == 409


def test_an_english_reader_reads_english(browser):
    address = ready(browser)
    browser.cookies["django_language"] = "en"
    page = browser.get(address).content.decode()
    assert "Save and check" in page
    assert "保存" not in page
