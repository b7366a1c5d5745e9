"""Coordinates in and out, and the areas that they lie in."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.desk import places
from bihuan.desk.places import BadAreas, from_wgs84, import_areas, place_of, read_areas, to_wgs84

METRE = 1 / 111_000
SQUARE = [[106.50, 29.50], [106.60, 29.50], [106.60, 29.60], [106.50, 29.60]]


def feature(place, *rings, **properties):
    geometry = {"type": "Polygon", "coordinates": list(rings)}
    return {"type": "Feature", "properties": {"place": place, **properties}, "geometry": geometry}


def collection(*features):
    import orjson

    return orjson.dumps({"type": "FeatureCollection", "features": list(features)}).decode()


def test_a_known_point_of_baidu_is_the_known_point_of_gcj02():
    """解放碑: both were read from public maps."""
    gcj02 = from_wgs84(*to_wgs84(106.583439, 29.563326, "BD-09"), "GCJ-02")

    assert gcj02 == pytest.approx((106.57698, 29.55712), abs=1e-5)


def test_gcj02_follows_the_published_vector():
    assert from_wgs84(116.404, 39.915, "gcj02") == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-12)


@given(
    lon=st.floats(74, 134, allow_nan=False),
    lat=st.floats(18, 53, allow_nan=False),
    crs=st.sampled_from(sorted(places.FROM_WGS84)),
)
def test_there_and_back_stays_within_a_millimetre(lon, lat, crs):
    back = to_wgs84(*from_wgs84(lon, lat, crs), crs)

    assert math.dist(back, (lon, lat)) < METRE / 1000


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_a_shifted_system_is_hundreds_of_metres_away(crs):
    assert 100 * METRE < math.dist(from_wgs84(106.57, 29.56, crs), (106.57, 29.56)) < 2000 * METRE


def test_swapped_coordinates_and_unknown_systems_are_refused_in_words():
    with pytest.raises(ValueError, match="longitude first"):
        to_wgs84(29.56, 106.57, "wgs84")
    with pytest.raises(ValueError, match="known are wgs84, cgcs2000, gcj02, bd09"):
        to_wgs84(106.57, 29.56, "mars")


def test_the_smallest_area_answers(clean_db):
    inner = [[106.52, 29.52], [106.54, 29.52], [106.54, 29.54], [106.52, 29.54]]
    assert import_areas(collection(feature("500103", SQUARE), feature("500103001", inner))) == 2

    assert place_of(106.53, 29.53) == "500103001"
    assert place_of(106.58, 29.58) == "500103"
    assert place_of(106.61, 29.58) == ""
    assert place_of(*from_wgs84(106.53, 29.53, "bd09"), "bd09") == "500103001"


def test_a_hole_is_outside(clean_db):
    hole = [[106.52, 29.52], [106.54, 29.52], [106.54, 29.54], [106.52, 29.54]]
    import_areas(collection(feature("500103", SQUARE, hole)))

    assert place_of(106.53, 29.53) == ""
    assert place_of(106.51, 29.51) == "500103"


def test_areas_in_gcj02_are_stored_as_wgs84():
    shifted = [list(from_wgs84(x, y, "gcj02")) for x, y in SQUARE]
    (area,) = read_areas(collection(feature("500103", shifted, crs="gcj02")))

    assert area.polygons[0][0][0] == pytest.approx(SQUARE[0], abs=METRE)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("not json", "FeatureCollection"),
        ('{"features": 3}', "FeatureCollection"),
        (collection(feature("1", SQUARE), {"type": "Feature"}), r"features\[1\]"),
        (collection(feature("1", SQUARE[:2])), r"features\[0\].*3 points"),
        (collection(feature("1", [[29.5, 106.5]] * 4)), r"features\[0\].*longitude first"),
    ],
)
def test_bad_areas_are_refused_with_their_place_and_change_nothing(clean_db, text, where):
    import_areas(collection(feature("500103", SQUARE)))

    with pytest.raises(BadAreas, match=where):
        import_areas(text)
    assert place_of(106.51, 29.51) == "500103"
