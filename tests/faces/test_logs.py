"""Log lines carry no receipt code: whoever holds one may see and close the case."""

import io
import logging
import sys

import pytest

import page_district
import page_steps
from bihuan.desk.identity import new_code, show_code
from bihuan.wiring.discreet import HIDDEN, Masked, mask
from rest_site import Program


@pytest.fixture
def lines(clean_db, settings, tmp_path):
    """What the site's own handler writes."""
    settings.DATA = tmp_path
    page_district.build()
    (handler,) = [one for one in logging.getLogger().handlers if isinstance(one.formatter, Masked)]
    seen = io.StringIO()
    before = handler.setStream(seen)
    yield seen
    handler.setStream(before)


def test_no_door_logs_a_receipt_code(lines):
    address = page_steps.report(page_district)
    code = address.rpartition("/")[2]
    plain = code.replace("-", "")
    assert page_district.client().post(f"{address}/say", {"do": "confirm"}).status_code == 409
    wrong = plain[:-1] + ("0" if plain[-1] != "0" else "1")
    for path in (f"/t/{wrong}", f"/t/{show_code(wrong).lower()}", f"/t/{plain}/nowhere"):
        page_district.client().get(path)
    Program().get(f"/track/{wrong}")
    Program().post(f"/track/{plain}/confirm", {"text": ""})
    told = lines.getvalue()
    assert f"/t/{HIDDEN}/say" in told
    for one in (code, plain, wrong, show_code(wrong)):
        assert one.lower() not in told.lower()


@pytest.mark.parametrize("around", ["Gone: /open311/v2/requests/{}.json", "Not Found: /open311/v2/tokens/{}", "x {} y"])
def test_a_code_is_masked_wherever_it_stands(around):
    code = "7" + new_code(1, "", None)[1:]  # the one in four hundred without a digit is masked in paths only
    for one in (code, show_code(code)):
        assert code not in mask(around.format(one)).replace("-", "")


def test_what_is_no_code_stays():
    line = (
        "GET /cases/0197f0c2-2a55-7c3e-9d0e-1f7a2b9c5e61/commands responsibilities 123456 /open311/v2/requests/12.json"
    )
    assert mask(line) == line


def test_a_stack_is_masked_too():
    code = "7" + new_code(1, "", None)[1:]
    try:
        {}[f"/t/{code}"]
    except KeyError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "incident", (), sys.exc_info())
    assert code not in Masked().format(record)
