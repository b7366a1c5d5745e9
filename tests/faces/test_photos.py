"""Photographs: by their first bytes, without what cameras add, whole or not at all."""

import struct
from datetime import timedelta

import pytest

import page_steps
import rooms
from bihuan.desk import pictures, tidy
from bihuan.kernel import commands as c
from bihuan.kernel.case import Proof
from bihuan.kernel.refused import Refused
from bihuan.testing import cast
from rest_site import Program, report, set_up, token

SECRET = b"N29.5630 E106.5516 Phone of Lin"


@pytest.fixture
def photos(clean_db, settings, tmp_path):
    from bihuan.desk import photos

    settings.DATA = tmp_path
    return photos


def segment(marker, data):
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def exif(orientation, order=">"):
    mark = b"MM" if order == ">" else b"II"
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    return (
        b"Exif\0\0" + mark + struct.pack(f"{order}HI", 42, 8) + struct.pack(f"{order}H", 1) + entry + b"\0" * 4 + SECRET
    )


def jpeg(*segments, tail=b""):
    scan = segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\x34\xff\x00\x56" + b"\xff\xd9"
    table = segment(0xDB, b"\0" + bytes(64))
    return b"\xff\xd8" + segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\0\0") + b"".join(segments) + table + scan + tail


def scans(*between):
    """A progressive picture: two scans, and what stands between them."""
    end = b"\xff\xd9"
    first = jpeg()[: -len(end)]
    return first + b"".join(between) + segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\xff\xd0\x34" + end


def webp(*chunks):
    body = b"WEBP" + b"".join(n + struct.pack("<I", len(d)) + d + b"\0" * (len(d) & 1) for n, d in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    "data",
    [
        jpeg(segment(0xE1, exif(1)), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET), segment(0xFE, SECRET)),
        jpeg(segment(0xE2, b"MPF\0" + SECRET), tail=b"\0\0\0\x18ftypmp42" + SECRET),
        jpeg(segment(0xE0, b"JFXX\0\x10" + SECRET)),
        jpeg(segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\1\1" + SECRET)),
        scans(segment(0xE1, b"Exif\0\0" + SECRET), segment(0xFE, SECRET)),
        jpeg(segment(0xFD, SECRET)),
        page_steps.png(SECRET),
        webp((b"VP8L", b"\x2f\0\0\0\0"), (b"meta", SECRET)),
        webp((b"VP8X", b"\x0c" + bytes(9)), (b"VP8L", b"\x2f\0\0\0\0"), (b"EXIF", SECRET), (b"XMP ", SECRET)),
    ],
    ids=[
        "jpeg",
        "motion-photo",
        "second-thumbnail",
        "thumbnail",
        "between-scans",
        "unknown",
        "png",
        "webp-unknown",
        "webp",
    ],
)
def test_nothing_of_the_camera_is_stored(photos, data):
    assert SECRET in data
    stored, _ = photos.read_photo(photos.keep_photo(data))
    assert SECRET not in stored
    assert pictures.kind_of(stored) == pictures.kind_of(data)


def test_the_picture_itself_is_not_touched(photos):
    stored, kind = photos.read_photo(photos.keep_photo(jpeg(segment(0xE1, exif(1)))))
    assert stored == jpeg()
    assert kind == "image/jpeg"


def test_a_picture_in_several_scans_keeps_them_all(photos):
    stored, _ = photos.read_photo(photos.keep_photo(scans(segment(0xFE, SECRET))))
    assert stored == scans()
    assert photos.read_photo(photos.keep_photo(stored))[0] == stored


def later(monkeypatch, photos, days):
    now = photos.instant.wall()
    monkeypatch.setattr("bihuan.desk.instant.wall", lambda: now + timedelta(days=days))


def kept(folder):
    return len([path for path in (folder / "photos").rglob("*") if path.is_file()])


def test_a_picture_that_no_case_names_goes_after_two_days_and_one_that_is_named_stays(photos, tmp_path, monkeypatch):
    rooms.install()
    case = rooms.dispatched()
    photos.keep_photo(jpeg())
    proof = Proof("photo_after", photos.keep_photo(page_steps.png()))
    rooms.act(case, c.AddProof(proof), cast.WEI)
    later(monkeypatch, photos, 1)
    tidy.step()
    assert kept(tmp_path) == 2
    later(monkeypatch, photos, 2)
    tidy.step()
    assert kept(tmp_path) == 1
    assert photos.read_photo(proof.ref)


def test_a_proof_that_names_a_picture_that_is_gone_is_refused_until_it_is_sent_again(photos):
    rooms.install()
    case, ref = rooms.dispatched(), photos.keep_photo(page_steps.png())
    photos.remove_photo(ref)
    with pytest.raises(Refused, match="photo-gone"):
        rooms.act(case, c.AddProof(Proof("photo_after", ref)), cast.WEI)
    photos.keep_photo(page_steps.png())
    rooms.act(case, c.AddProof(Proof("photo_after", ref)), cast.WEI)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_picture_from_a_telephone_keeps_its_orientation(photos, order):
    stored, _ = photos.read_photo(photos.keep_photo(jpeg(segment(0xE1, exif(6, order)))))
    assert pictures._orientation(stored[12:]) == 6
    assert SECRET not in stored


def test_webp_flags_do_not_promise_what_is_gone(photos):
    data = webp((b"VP8X", b"\x1c" + bytes(9)), (b"VP8L", b"\x2f\0\0\0\0"), (b"EXIF", SECRET))
    stored, _ = photos.read_photo(photos.keep_photo(data))
    assert stored[20] == 0x10
    assert struct.unpack("<I", stored[4:8])[0] == len(stored) - 8


def test_the_same_picture_is_stored_once(photos, tmp_path):
    assert photos.keep_photo(jpeg()) == photos.keep_photo(jpeg(segment(0xFE, b"another comment")))
    assert len([p for p in (tmp_path / "photos").rglob("*") if p.is_file()]) == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"GIF89a" + bytes(50), "photo-kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "photo-kind"),
        (b"", "photo-kind"),
        (jpeg()[:30], "photo-broken"),
        (jpeg()[:-2], "photo-broken"),
        (page_steps.png()[:-6], "photo-broken"),
        (b"\xff\xd8\xff\xe1\x00\x01", "photo-broken"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 40, "photo-broken"),
        (webp((b"VP8X", bytes(10)), (b"ANMF", bytes(16))), "photo-broken"),
        (b"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff", "photo-broken"),
        (b"\xff\xd8\xff" + bytes(8 * 1024 * 1024), "photo-too-big"),
    ],
)
def test_what_is_no_photograph_is_refused(photos, tmp_path, data, code):
    with pytest.raises(Refused) as refused:
        photos.keep_photo(data)
    assert refused.value.code == code
    assert not (tmp_path / "photos").exists()


@pytest.mark.parametrize("ref", ["photo:../../etc/passwd", "photo:" + "0" * 64 + ".jpeg", "letter:1", ""])
def test_a_reference_leads_to_a_photograph_or_nowhere(photos, ref):
    with pytest.raises(LookupError):
        photos.read_photo(ref)


def test_a_program_sends_a_photo_names_it_as_a_proof_and_reads_it_back(clean_db, settings, tmp_path):
    settings.DATA = tmp_path
    set_up()
    desk, wei = Program(token("zhou", role="triage")), Program(token("wei"))
    case = Program().post("/cases", report()).json()["id"]
    for name in ("accept", "dispatch"):
        assert desk.post(f"/cases/{case}/commands/{name}").status_code == 200
    sent = wei.send("POST", "/photos", raw=jpeg(segment(0xE1, exif(1))), content_type="image/jpeg")
    assert sent.status_code == 201, sent.content
    ref = sent.json()["ref"]
    assert wei.send("POST", "/photos", raw=jpeg(segment(0xE1, exif(1))), content_type="image/jpeg").json()["ref"] == ref
    proof = {"task": 1, "proofs": [{"kind": "photo_after", "ref": ref}]}
    assert wei.post(f"/cases/{case}/commands/finish-task", proof).status_code == 200
    shown = wei.get(f"/cases/{case}/photos/{ref.removeprefix('photo:')}")
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert SECRET not in shown.content
    other = Program().post("/cases", report()).json()["id"]
    assert desk.get(f"/cases/{other}/photos/{ref.removeprefix('photo:')}").status_code == 404


@pytest.mark.parametrize(
    "sent",
    [(b"GIF89a" * 9, "image/jpeg", 422), (b"x" * 99, "text/html", 415), (b"", "image/png", 400),
     (b"\xff\xd8\xff" + b"x" * 99, "image/jpeg", 422), (b"x" * (8 * 1024 * 1024 + 1), "image/png", 413)],
)  # fmt: skip
def test_what_is_no_photo_is_refused_in_words(clean_db, photos, tmp_path, sent):
    raw, kind, status = sent
    set_up()
    answer = Program(token("wei")).send("POST", "/photos", raw=raw, content_type=kind)
    assert answer.status_code == status, answer.content
    assert answer.json()["title"]
    assert list(tmp_path.rglob("*.jpeg")) == []
