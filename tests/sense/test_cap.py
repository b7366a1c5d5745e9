"""CAP 1.2: real alerts are read, ours are valid by the schema, hostile and broken ones are refused in words."""

import csv
from datetime import UTC, datetime

import pytest
from lxml import etree

import shared_data
from bihuan.sense.warn import cap

ALERT = cap.Alert(
    "urn:bihuan:warning:1", "bihuan@500103", datetime(2026, 7, 9, 3, 14, tzinfo=UTC), "Actual", "Alert", "Public",
    infos=(cap.Info(
        "zh-CN", "Met", "短时强降雨", "Immediate", "Moderate", "Observed", headline="短时强降雨黄色预警",
        description="下穿道可能积水", instruction="绕行", areas=("大坪街道",),
        expires=datetime(2026, 7, 9, 9, 0, tzinfo=UTC),
        polygons=(((106.5, 29.5), (106.6, 29.5), (106.6, 29.6), (106.5, 29.5)),),
    ),),
)  # fmt: skip
GOOD = cap.write(ALERT).decode()


def folder():
    return shared_data.folder("cap_alerts")


def test_what_is_written_is_read_back():
    assert cap.read(GOOD.encode()) == ALERT


def test_what_is_written_is_valid_by_the_schema():
    schema = etree.XMLSchema(etree.parse(next(folder().glob("**/CAP-v1.2-schema.xsd"))))
    schema.assertValid(etree.fromstring(GOOD.encode()))


def test_real_alerts_are_read_and_those_that_the_schema_refuses_are_refused():
    root, wrong, read = folder(), [], 0
    rows = csv.reader((root / "validation.tsv").open(encoding="utf-8"), delimiter="\t")
    for name, what, told, *_ in rows:
        if what != "alert 1.2" or "oasis_xsd" not in told or not (root / name).exists():
            continue
        data = (root / name).read_bytes()
        try:
            cap.read(data)
            is_read = True
        except cap.BadCapError:
            is_read = False
        read += is_read
        if is_read and "oasis_xsd=False" in told:
            wrong.append(name)
    assert read >= 15
    assert wrong == []


@pytest.mark.parametrize(("before", "after", "said"), [
    ("<status>Actual", "<status>Real", "status: 'Real'"), ("<msgType>Alert", "<msgType>Update", "references"),
    ("<sender>bihuan@500103</sender>", "", "sender: 缺少"), ("T03:14:00-00:00", "T03:14:00Z", "sent: "),
    ("Moderate", "Bad", "severity: 'Bad'"), ("29.500000,106.500000 ", "95.0,106.5 ", "不在地球上"),
    ("<category>Met</category>", "", "category"), ("cap:1.2", "cap:1.1", "alert of"), ("<alert", "<alrt", "XML"),
])  # fmt: skip
def test_what_is_wrong_is_told(before, after, said):
    with pytest.raises(cap.BadCapError, match=said):
        cap.read(GOOD.replace(before, after, 1).encode())


@pytest.mark.parametrize("head", [
    '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;&x;">]>', '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
])  # fmt: skip
def test_entities_and_files_elsewhere_are_refused(head):
    with pytest.raises(cap.BadCapError, match="XML"):
        cap.read(GOOD.replace("?>", "?>" + head, 1).encode())


def test_a_body_that_is_too_large_is_not_looked_at():
    with pytest.raises(cap.BadCapError, match="bytes"):
        cap.read(b"<" * (cap.MOST_BYTES + 1))
