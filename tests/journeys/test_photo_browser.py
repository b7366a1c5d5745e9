"""Faces and number plates are blurred on the telephone, before anything is sent: in a real browser."""

import io
from itertools import pairwise

import pytest
from PIL import Image, ImageDraw

import page_browser
import page_district
from bihuan.desk import api as desk
from page_browser import Looker


@pytest.fixture
def resident(clean_db, settings, tmp_path, chromium):
    settings.DATA = tmp_path
    page_district.build()
    with page_browser.serving() as site, page_browser.browsing(chromium) as browser:
        yield Looker(browser, site, page_browser.PHONE)


def plate():
    """A photograph with thin black and white bars all over it, as the letters of a plate are; where it was taken."""
    image = Image.new("RGB", (600, 400), "white")
    draw = ImageDraw.Draw(image)
    for x in range(0, 600, 8):
        draw.rectangle((x, 0, x + 3, 400), fill="black")
    exif = Image.Exif()
    exif[0x010F] = "Phone of Lin"
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def contrast(picture, box):
    """How far apart neighbouring points of a row stand, on the average."""
    row = picture.convert("L").crop(box).resize((box[2] - box[0], 1))
    values = row.tobytes()
    return sum(abs(one - two) for one, two in pairwise(values)) / len(values)


def chosen(resident):
    page = resident.page
    page.set_input_files("#photo", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": plate()})
    page.wait_for_selector("#photo[data-ready='1']")


def sent(resident):
    page = resident.page
    page.fill("#text", "车停在消防通道上")
    page.locator("input[name=category][value='-']").first.check(force=True)
    resident.press("button.main-action")
    page.select_option("#place", page_district.PLACE)
    resident.press("button.main-action")
    resident.press("button.main-action")
    code = page.url.partition("?")[0].rpartition("/")[2]
    (ref,) = desk.track(code).pictures
    data, _ = desk.read_photo(ref)
    assert b"Lin" not in data
    return Image.open(io.BytesIO(data))


def test_what_is_dragged_over_is_blurred_before_it_leaves_and_the_rest_stays(resident):
    resident.go("/report")
    chosen(resident)
    frame = resident.page.locator(".blurs canvas").bounding_box()
    resident.page.locator(".blurs canvas").scroll_into_view_if_needed()
    frame = resident.page.locator(".blurs canvas").bounding_box()
    mouse = resident.page.mouse
    mouse.move(frame["x"] + 2, frame["y"] + 2)
    mouse.down()
    mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] - 2)
    mouse.up()
    resident.look()
    picture = sent(resident)
    assert contrast(picture, (10, 10, 280, 390)) < 10
    assert contrast(picture, (320, 10, 590, 390)) > 40


def test_by_the_keyboard_too_and_undone_again(resident):
    resident.go("/report")
    chosen(resident)
    resident.page.focus(".blurs canvas")
    resident.page.keyboard.press("Enter")
    resident.page.keyboard.press("ArrowRight")
    resident.page.locator(".blurs button").click()
    resident.page.focus(".blurs canvas")
    resident.page.keyboard.press("Enter")
    picture = sent(resident)
    assert contrast(picture, (30, 4, 110, 96)) < 10
    assert contrast(picture, (320, 10, 590, 390)) > 40


def test_a_category_is_suggested_while_one_types_and_can_be_changed(resident):
    resident.go("/report")
    resident.page.fill("#text", "门口井盖缺了一块")
    suggested = resident.page.locator("#likely input[value=manhole]")
    suggested.check(force=True)
    resident.look()
    assert resident.page.locator("input[name=category]:checked").first.get_attribute("value") == "manhole"
    resident.press("button.main-action")
    assert "step=2" in resident.page.url or resident.page.locator("#place").is_visible()
