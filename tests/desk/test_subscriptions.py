"""Mail to residents: nothing before it is confirmed, one letter a day, only what is public, gone when it is stopped."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import feeding
import page_district
from bihuan.adapters.telling import Ways
from bihuan.desk import api, names, ports, privacy, rulebooks, subscriptions
from bihuan.desk.actor import SYSTEM
from bihuan.faces.portal import mail
from bihuan.kernel import commands as c
from bihuan.kernel.case import Seal
from bihuan.testing import books
from field_site import act, reported
from postbox import opened

ME = "lin@example.org"


@pytest.fixture
def box(clean_db, settings, tmp_path, monkeypatch):
    settings.DATA, settings.SITE = tmp_path, "https://bihuan.example"
    settings.NOTICE_SERVICES, settings.WEBHOOK_ALLOWED = [], []
    page_district.build()
    book = books.city()
    kinds = {code: replace(kind, seal=Seal.L0) if code == "manhole" else kind for code, kind in book.categories.items()}
    public = replace(book, version="public", categories=kinds)
    rulebooks.import_book(public, by="test", at=datetime(2025, 1, 2, tzinfo=UTC))
    rulebooks.forget()
    names.forget()
    mail.limiter.forget()
    monkeypatch.setattr(ports, "_teller", lambda: Ways(settings))
    with opened(settings) as found:
        yield found


def token(box):
    return re.search(r"https://bihuan.example/mail/([0-9a-f]{64})", box.got[-1][2])[1]


def asked(box, **more):
    browser = page_district.client()
    answer = browser.post("/mail", {"address": ME, **more})
    assert answer.status_code == 200, answer.content.decode()
    return token(box)


def confirmed(box, **more):
    found = asked(box, **more)
    page_district.client().post(f"/mail/{found}", {"do": "confirm"})
    return found


def come_due():
    feeding.rows("UPDATE subscription SET next_try = now() WHERE ended IS NULL AND confirmed IS NOT NULL RETURNING id")
    return subscriptions.step()


def test_nothing_but_the_question_leaves_before_it_is_confirmed(box):
    asked(box, ground=page_district.PLACE)
    reported("井盖松了")
    assert come_due() == 0
    ((to, title, text, _),) = box.got
    assert (to, title) == (ME, "请确认：要不要收闭环的邮件")
    assert "井盖" not in text


def test_opening_the_link_does_nothing_by_itself(box):
    found = asked(box)
    page = page_district.client().get(f"/mail/{found}").content.decode()
    assert "确认，请来信" in page
    assert subscriptions.find(found).is_confirmed is False


def test_new_public_cases_of_the_place_come_in_one_letter_a_day(box):
    confirmed(box, ground=page_district.PLACE)
    reported("井盖松了，某某家门口")
    reported("井盖又松了")
    reported("里面的事", "rubbish")
    come_due()
    _, title, text, _ = box.got[-1]
    assert title == "梧桐社区：新公开的事项 2 件"
    assert text.count("/cases/") == 2
    assert "某某家" not in text
    assert come_due() == 1
    assert len(box.got) == 2
    (wait,) = feeding.rows("SELECT next_try - now() FROM subscription")[0]
    assert wait <= timedelta(hours=1)


def test_a_place_elsewhere_is_not_told_of(box):
    confirmed(box, ground="500103013002")
    reported("井盖松了")
    come_due()
    assert len(box.got) == 1


def test_a_case_of_ones_own_is_told_by_number_and_stage_alone(box):
    made = api.report(
        api.Intake("rubbish", page_district.PLACE, "portal", {"text": "独一无二的一句话"}, seal=Seal.L2),
        by=api.reporter(str(page_district.person("resident"))), purpose="report",
    )  # fmt: skip
    confirmed(box, code=made.receipt)
    come_due()
    assert len(box.got) == 1
    act(made.case, c.Accept(), "zhou")
    come_due()
    _, title, text, _ = box.got[-1]
    number = api.number_of(made.case)
    assert title == f"您的事项 {number} 有进展"
    assert "独一无二" not in text
    assert "垃圾" not in text
    assert made.receipt not in text.replace("-", "")


def test_stopped_it_is_silent_and_the_address_is_erased(box):
    found = confirmed(box)
    assert page_district.client().post(f"/mail/{found}", {"do": "stop"}).status_code == 302
    reported("井盖松了")
    assert come_due() == 0
    assert len(box.got) == 1
    assert feeding.rows("SELECT count(*) FROM vault_key k JOIN subscription s ON s.id = k.case_id"
                        " WHERE k.wrapped IS NOT NULL") == [(0,)]  # fmt: skip
    assert "已经停订" in page_district.client().get(f"/mail/{found}").content.decode()


def test_who_is_erased_gets_no_more_letters(box):
    made = api.report(
        api.Intake("manhole", page_district.PLACE, "portal", {"text": "井盖"}),
        by=api.reporter(str(page_district.person("resident"))), purpose="report",
    )  # fmt: skip
    found = confirmed(box, code=made.receipt)
    privacy.erase_person(SYSTEM, page_district.person("resident"), "本人要求")
    act(made.case, c.Accept(), "zhou")
    come_due()
    assert len(box.got) == 1
    assert subscriptions.find(found).is_ended


def test_a_wish_that_nobody_confirms_is_forgotten(box):
    found = asked(box)
    feeding.rows("UPDATE subscription SET created = created - interval '31 days' RETURNING id")
    assert subscriptions.end_unconfirmed() == 1
    assert subscriptions.find(found).is_ended
    assert subscriptions.confirm(found) is False


@pytest.mark.parametrize("address", ["", "kein mail", "a@b", "x" * 130 + "@example.org"])
def test_what_is_no_address_is_said(box, address):
    answer = page_district.client().post("/mail", {"address": address})
    assert answer.status_code == 422
    assert box.got == []


def test_places_and_codes_that_are_none_lead_nowhere(box):
    assert page_district.client().post("/mail", {"address": ME, "ground": "999"}).status_code == 404
    assert page_district.client().post("/mail", {"address": ME, "code": "0" * 16}).status_code == 404
    assert page_district.client().get("/mail/" + "0" * 64).status_code == 404


def test_who_asks_too_often_waits(box):
    browser = page_district.client()
    answers = [browser.post("/mail", {"address": ME}).status_code for _ in range(6)]
    assert answers[-1] == 429
    assert len(box.got) == mail.A_MINUTE


def test_a_mail_server_that_is_gone_is_tried_again_and_nothing_is_lost(box, settings):
    confirmed(box)
    reported("井盖松了")
    there, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    come_due()
    assert feeding.rows("SELECT attempts, last_error <> '' FROM subscription") == [(1, True)]
    settings.EMAIL_PORT = there
    come_due()
    assert "新公开的事项 1 件" in box.got[-1][1]


def test_without_a_mail_server_or_an_address_of_the_site_it_says_so(box, settings):
    settings.SITE = ""
    assert "BIHUAN_SITE" in page_district.client().post("/mail", {"address": ME}).content.decode()
    settings.SITE, settings.EMAIL_HOST = "https://bihuan.example", ""
    assert "BIHUAN_MAIL" in page_district.client().post("/mail", {"address": ME}).content.decode()
