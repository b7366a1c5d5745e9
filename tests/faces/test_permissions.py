"""docs/reference/permissions.md against the resolver and against people."""

import re
from pathlib import Path

import pytest

TABLE = Path(__file__).parents[2] / "docs" / "reference" / "permissions.md"
ROW = re.compile(r"^\| `([^`]+)` \| ([A-Z ]+) \| (\w+) \|", re.MULTILINE)
ROWS = {address: (methods.split(), who) for address, methods, who in ROW.findall(TABLE.read_text(encoding="utf-8"))}
PAGES = {address: row for address, row in ROWS.items() if not address.startswith(("/api/", "/open311/"))}
NOBODY = "0" * 16


def addresses():
    """Every address of the site as the table writes it: parameters by name, without their kind."""
    from django.urls import get_resolver

    def walk(patterns, before):
        for one in patterns:
            text = before + str(one.pattern)
            yield from walk(one.url_patterns, text) if hasattr(one, "url_patterns") else [text]

    return {"/" + re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", text) for text in walk(get_resolver().url_patterns, "")}


def covers(row, address):
    return address == row or (row.endswith("*") and address.startswith(row[:-1]))


def test_every_address_has_a_row():
    assert [a for a in sorted(addresses()) if not any(covers(row, a) for row in ROWS)] == []


def test_every_row_has_an_address():
    known = addresses()
    assert [row for row in ROWS if not any(covers(row, address) for address in known)] == []


@pytest.fixture
def world(district):
    """One case at L1, reported with a code, and a picture that it does not have."""
    from bihuan.desk import api as desk

    reporter = desk.reporter(str(district.person("resident")))
    intake = desk.Intake("manhole", district.PLACE, "portal", {"text": "井盖松了"})
    made = desk.report(intake, by=reporter, purpose="report")
    return {"district": district, "code": made.receipt, "case": made.case}


def fill(address, world, code=None):
    name = "0" * 64 + ".png"
    address = (
        address.replace("<name>.<kind>", "opinion.pdf")
        .replace("/voice/<name>", f"/voice/{'0' * 64}.webm")
        .replace("<number>", "1")
        .replace("<ground>", "500103")
        .replace("<form>", "none")
        .replace("<warning>", "00000000-0000-4000-8000-000000000000")
        .replace("<drill>", "00000000-0000-4000-8000-000000000000")
        .replace("<scene>", "m500103_1")
        .replace("<table>", "clocks")
        .replace("<pack>", "xlsx")
    )
    address = address.replace("<digest>", "0" * 64)
    return (
        address.replace("<code>", code or world["code"]).replace("<case>", str(world["case"])).replace("<name>", name)
    )


def ask(browser, method, address):
    return browser.get(address) if method == "GET" else browser.post(address)


EACH = [(address, method) for address, (methods, _) in PAGES.items() for method in methods]


@pytest.mark.parametrize(("address", "method"), EACH)
def test_a_stranger_gets_what_the_table_says(world, address, method):
    who = PAGES[address][1]
    answer = ask(world["district"].client(), method, fill(address, world, code=NOBODY))
    if who in {"staff", "case"}:
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login/")
    elif who == "phone":
        assert answer.status_code == 401
    elif who == "code":
        assert answer.status_code == 404
    else:
        assert not answer.headers.get("Location", "").startswith("/login/")
        assert answer.status_code < 500


@pytest.mark.parametrize(("address", "method"), [row for row in EACH if PAGES[row[0]][1] in {"staff", "case", "phone"}])
def test_an_account_without_a_post_gets_no_further(world, address, method):
    from django.contrib.auth.models import User

    User.objects.create(username="former")
    assert ask(world["district"].client("former"), method, fill(address, world)).status_code == 403


@pytest.mark.parametrize(("address", "method"), [row for row in EACH if PAGES[row[0]][1] == "case"])
def test_staff_without_a_part_in_the_case_find_nothing(world, address, method):
    assert ask(world["district"].client("meng"), method, fill(address, world)).status_code == 404


@pytest.mark.parametrize(("address", "method"), [row for row in EACH if PAGES[row[0]][1] in {"staff", "case"}])
def test_staff_with_a_part_in_it_get_in(world, address, method):
    answer = ask(world["district"].client("zhou"), method, fill(address, world))
    if any(part in address for part in ("<name>", "<form>", "<scene>", "<drill>")):
        assert answer.status_code == 404  # there is no such picture, no such form, drill, or scene of his
    else:
        assert answer.status_code in {200, 302, 409, 422}
        assert not answer.headers.get("Location", "").startswith("/login/")


@pytest.mark.parametrize(("address", "method"), [row for row in EACH if PAGES[row[0]][1] == "phone"])
def test_the_telephone_of_staff_gets_an_answer(world, address, method):
    answer = ask(world["district"].client("zhou"), method, fill(address, world))
    assert answer.json()["state"] in {"ok", "broken", "another"}


@pytest.mark.parametrize("address", [a for a, (_, who) in PAGES.items() if who == "code"])
def test_whoever_holds_the_code_gets_in(world, address):
    browser = world["district"].client()
    methods = PAGES[address][0]
    # There is no such picture, no such letter.
    wanted = {404} if "<name>" in address or "<token>" in address else {200, 422, 503}
    assert ask(browser, methods[0], fill(address, world)).status_code in wanted


@pytest.mark.parametrize("address", sorted(PAGES))
def test_other_methods_are_refused(world, address):
    methods, _ = PAGES[address]
    browser = world["district"].client("zhou")
    for method in {"GET", "POST"} - set(methods):
        assert ask(browser, method, fill(address, world)).status_code == 405


def test_programs_need_a_token_where_the_table_says_so(world):
    browser = world["district"].client("zhou")
    for address in addresses():
        if not address.startswith("/api/v1/") or "(?P" in address:
            continue
        who = next(ROWS[row][1] for row in sorted(ROWS, key=len, reverse=True) if covers(row, address))
        known = {"<case_id>": str(world["case"]), "<webhook_id>": str(world["case"]), "<version>": "x"}
        asked = fill(address, world)
        for name, value in known.items():
            asked = asked.replace(name, value)
        answer = browser.get(asked)
        assert (answer.status_code == 401) == (who == "token" and answer.status_code != 405), address
