"""A spoken note keeps its sound and nothing else: no place, no date, no name, no picture."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.desk import sounds
from recordings import mp4, webm


@pytest.mark.parametrize(("data", "secrets"), [
    (webm(secret=b"WHENWHEN", tags=b"29.55N 106.57E"), [b"WHENWHEN", b"29.55N", b"Chrome", b"Wang Wei"]),
    (mp4(udta=b"\xa9xyz+29.55+106.57/"), [b"WHENWHEN", b"29.55", b"Wang Wei", b"where it was said"]),
])  # fmt: skip
def test_names_places_and_dates_go_and_the_sound_stays_where_it_was(data, secrets):
    assert all(secret in data for secret in secrets)
    kept = sounds.bare(data, sounds.kind_of(data))
    assert not any(secret in kept for secret in secrets)
    assert len(kept) == len(data)
    assert kept.index(b"sound") == data.index(b"sound")
    assert sounds.bare(kept, sounds.kind_of(kept)) == kept


@pytest.mark.parametrize("data", [webm(kind=1), mp4(b"vide"), webm()[:20], mp4()[:40], mp4()[:-3], webm()[:30] + b"\0"])
def test_a_film_and_what_is_cut_off_are_refused(data):
    with pytest.raises((ValueError, IndexError, struct.error)):
        sounds.bare(data, sounds.kind_of(data))


@given(st.sampled_from([webm(), mp4()]), st.data())
def test_whatever_is_broken_in_it_ends_at_once_with_a_refusal_or_a_file_as_long(good, draw):
    data = bytearray(good)
    for _ in range(draw.draw(st.integers(1, 6))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    kind = sounds.kind_of(bytes(data))
    if kind is None:
        return
    try:
        kept = sounds.bare(bytes(data), kind)
    except (ValueError, IndexError, struct.error):
        return
    assert len(kept) == len(data)
