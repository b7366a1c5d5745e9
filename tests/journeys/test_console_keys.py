"""A queue worked through by the keyboard alone, in a real browser; cases ticked and done at once."""

import pytest

import page_browser
import page_district
from bihuan.desk import api as desk
from field_site import actor, reported
from page_browser import Looker


@pytest.fixture
def desk_of(clean_db, settings, tmp_path, chromium):
    settings.DATA = tmp_path
    page_district.build()
    with page_browser.serving() as site, page_browser.browsing(chromium) as browser:
        looker = Looker(browser, site, page_browser.DESKTOP)
        looker.sign_in("zhou", page_district.PASSWORD)
        yield looker


def stage(case):
    return desk.read_case(actor("zhou"), case, purpose="test").state.stage


def key(looker, name):
    """Press a key that leads to another page."""
    with looker.page.expect_navigation():
        looker.page.keyboard.press(name)
    looker.look()


def test_a_queue_is_worked_through_by_keys_alone(desk_of):
    old, new = reported("巷口井盖松了"), reported("井盖一踩就响")
    other = reported("垃圾没人收", "rubbish")
    desk_of.go(f"/console/work/{new}")
    key(desk_of, "g")
    assert "with=" in desk_of.page.url
    key(desk_of, "g")
    assert stage(new) == "merged"
    desk_of.go(f"/console/work/{old}")
    key(desk_of, "a")
    assert stage(old) == "accepted"
    desk_of.page.keyboard.press("d")
    # The key opens the form and stands in its first field; Enter there would open the list, so the button is pressed.
    assert desk_of.page.evaluate("document.activeElement.name") == "lead"
    desk_of.page.keyboard.press("Tab")
    for _ in range(12):
        if desk_of.page.evaluate("document.activeElement.matches('form button')"):
            break
        desk_of.page.keyboard.press("Tab")
    key(desk_of, "Enter")
    assert stage(old) == "dispatched"
    assert str(other) in desk_of.page.url


def test_keys_that_are_switched_off_do_nothing_and_stay_off(desk_of):
    case = reported("井盖")
    desk_of.go(f"/console/work/{case}")
    desk_of.page.locator("summary", has_text="快捷键").click()
    desk_of.page.uncheck("#keys-on")
    desk_of.go(f"/console/work/{case}")
    desk_of.page.keyboard.press("a")
    desk_of.page.keyboard.press("o")
    assert desk_of.page.evaluate("document.querySelector('#keys-on').checked") is False
    assert stage(case) == "registered"


def test_letters_typed_into_a_field_press_nothing(desk_of):
    case = reported("井盖")
    desk_of.go(f"/console/work/{case}")
    desk_of.page.keyboard.press("w")
    desk_of.page.keyboard.press("Tab")
    desk_of.page.keyboard.type("ado")
    assert stage(case) == "registered"
    assert desk_of.page.evaluate("document.activeElement.value") == "ado"


def test_ticked_in_the_inbox_and_done_at_once(desk_of):
    cases = [reported(f"井盖{number}") for number in range(3)]
    desk_of.go("/console/?tab=triage")
    desk_of.page.check("#pick-all")
    desk_of.page.select_option("#bulk-move", "accept")
    desk_of.press("main form:has(#bulk-move) button")
    assert {stage(case) for case in cases} == {"registered"}
    desk_of.press("main form.card button")
    assert {stage(case) for case in cases} == {"accepted"}
