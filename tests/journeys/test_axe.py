"""axe-core over every page of the portal and the console: WCAG 2.2 A and AA, light and dark, on a telephone."""

import re
from pathlib import Path

import pytest

import page_browser
import postbox
from page_browser import Looker

pytestmark = pytest.mark.browser
TABLE = Path(__file__).parents[2] / "docs" / "reference" / "permissions.md"
ROW = re.compile(r"^\| `(/[^`]*)` \| ([A-Z ]+) \| (\w+) \|", re.MULTILINE)
# What is no page: scripts, pictures, files, feeds, streams; and the field app, which has a test of its own.
NO_PAGE = re.compile(
    r"\.(svg|json|atom|js|csv|ics|cap)$|/live$|<name>|<kind>|<form>|<scene>|<drill>|^/(api|open311|sta|field|language|logout)"
)
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
VIEW = page_browser.PHONE | {"viewport": {"width": 360, "height": 760}}


def addresses():
    """Every page that is opened by its address, as the table of permissions lists them."""
    rows = ROW.findall(TABLE.read_text(encoding="utf-8"))
    return [
        (address, who) for address, methods, who in rows if "GET" in methods.split() and not NO_PAGE.search(address)
    ]


@pytest.fixture
def site(clean_db, settings, tmp_path, monkeypatch):
    from bihuan import scenes
    from bihuan.adapters.telling import Ways
    from bihuan.demo.load import load_demo
    from bihuan.desk import api, identity, ports
    from bihuan.wiring.site import tell_scenes

    settings.SCENES, settings.DATA = scenes.names(), tmp_path
    identity.forget_numbers()
    load_demo()
    tell_scenes()
    made = api.report(
        api.Intake("B0115", "500103003013", "portal", {"text": "路灯坏了"}), by=api.ANONYMOUS, purpose="反映"
    )
    monkeypatch.setattr(ports, "_teller", lambda: Ways(settings))
    with postbox.opened(settings) as box, page_browser.serving() as address:
        settings.SITE = address
        api.subscriptions.ask("lin@example.org", "zh")
        yield address, made, re.search("/mail/([0-9a-f]{64})", box.got[-1][2])[1], drills(api)


def drills(api):
    """One that is planned, one that runs, one that is over."""
    from datetime import timedelta

    from bihuan.ops.drills import reading, running

    made = [running.plan(reading.find("flood"), by=api.SYSTEM) for _ in range(3)]
    for one in made[1:]:
        running.begin(one, is_paused=True)
        running.advance(one, timedelta(hours=1))
    running.end(made[2])
    return made


def test_the_table_names_the_pages():
    assert {"/", "/report", "/t/<code>", "/console/", "/console/case/<case>", "/console/forms/"} <= dict(
        addresses()
    ).keys()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_passes_axe_core(site, chromium, scheme):
    from axe_playwright_python.sync_playwright import Axe

    from bihuan.demo.load import PASSWORD

    home, made, token, played = site
    found = {}
    with page_browser.browsing(chromium) as browser:
        stranger = Looker(browser, home, VIEW | {"color_scheme": scheme})
        clerk = Looker(browser, home, VIEW | {"color_scheme": scheme})
        clerk.sign_in("shouli", PASSWORD)
        for address, who in [*addresses(), *((f"/console/drills/{one}", "staff") for one in played)]:
            path = address.replace("<code>", made.receipt).replace("<case>", str(made.case))
            path = path.replace("<number>", str(made.number)).replace("<ground>", "500103003").replace("<token>", token)
            one = clerk if who in {"staff", "case"} else stranger
            one.go(path)
            report = Axe().run(one.page, options=WCAG)
            if report.violations_count:
                found[address] = report.generate_report()
    assert found == {}
