"""The scan finds the published clusters, equals one that works out everything, and errs as often as it says."""

import csv
import inspect

import numpy as np
import pytest

import shared_data
from bihuan.sense.detect import scan as module
from bihuan.sense.detect.scan import Rule, on_earth, scan


def rows(name):
    with (shared_data.folder("scan_statistics") / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def columns(name):
    text = (shared_data.folder("scan_statistics") / "satscan_reference_outputs" / name).read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines()]


@pytest.fixture(scope="module")
def leukemia():
    cases = np.array([int(row[1]) for row in columns("satscan_ny_cases.txt")])
    people = np.array([int(row[2]) for row in columns("satscan_ny_pop.txt")])
    places = np.array([[float(one) for one in row[1:]] for row in columns("satscan_ny_coords.txt")])
    return cases, places, people


def test_leukemia_in_new_york_as_satscan_publishes_it(leukemia):
    cases, places, people = leukemia
    found = scan(cases, places, people, seed=1).clusters
    published = [
        # areas, first of them, cases, expected, relative risk, log likelihood ratio, p (Gumbel)
        (28, 52, 100, 58.28, 1.87, 14.083511, 0.00015),
        (8, 89, 38, 17.79, 2.22, 9.019716, 0.016),
        (33, 112, 64, 40.85, 1.64, 6.114140, 0.248),
        (4, 62, 25, 12.82, 1.99, 4.651839, 0.645),
        (4, 266, 12, 5.14, 2.37, 3.363518, 0.965),
        (3, 166, 11, 4.61, 2.41, 3.209485, 0.982),
    ]
    for one, (areas, first, count, expected, risk, gain, chance) in zip(found, published, strict=False):
        assert (len(one.areas), one.areas[0] + 1, one.cases) == (areas, first, count)
        assert (round(one.expected, 2), round(one.risk, 2)) == (expected, risk)
        assert one.gain == pytest.approx(gain, abs=1e-6)
        # 999 simulations of theirs beside 999 of ours: three deviations of either. Far out, the curve is an estimate.
        spread = 3 * (2 * chance * (1 - chance) / 999) ** 0.5
        assert one.chance == pytest.approx(chance, abs=max(spread, 0.0015))
        assert one.smooth == pytest.approx(chance, abs=max(spread, 0.0005))


def test_leukemia_on_the_globe(leukemia):
    cases, places, people = leukemia
    found = scan(cases, on_earth(places[:, 1], places[:, 0]), people, seed=1).clusters
    published = [(31, 52, 106, 14.780276, 0.000087), (9, 88, 42, 8.287056, 0.033), (16, 113, 44, 7.199672, 0.105)]
    for one, (areas, first, count, gain, chance) in zip(found, published, strict=False):
        assert (len(one.areas), one.areas[0] + 1, one.cases) == (areas, first, count)
        assert one.gain == pytest.approx(gain, abs=1e-6)
        assert one.smooth == pytest.approx(chance, abs=max(3 * (2 * chance * (1 - chance) / 999) ** 0.5, 0.0005))


def test_leukemia_with_circles_of_a_tenth(leukemia):
    cases, places, people = leukemia
    best = scan(cases, places, people, Rule(share=0.1), seed=1).clusters[0]
    assert (len(best.areas), best.areas[0] + 1, best.cases) == (26, 49, 85)
    assert best.gain == pytest.approx(11.577255, abs=1e-6)


@pytest.fixture(scope="module")
def brain():
    """Counts and population by year (1973 to 1991) and county; where the counties' seats are, in kilometres."""
    data = rows("scanstatistics_NM_popcas.csv")
    counties = list(dict.fromkeys(row["county"] for row in data))
    tables = np.zeros((2, 19, len(counties)))
    for row in data:
        tables[:, int(row["year"]) - 1973, counties.index(row["county"])] = int(row["count"]), int(row["population"])
    seats = {
        row["county"]: (float(row["seat_long"]), float(row["seat_lat"])) for row in rows("scanstatistics_NM_geo.csv")
    }
    places = np.array([seats[county] for county in counties])
    flat = (places - places.mean(axis=0)) * [111.3 * np.cos(np.radians(34.5)), 111.0]
    return counties, tables[0].astype(int), tables[1], flat


def forecast(counts, people):
    """Mean counts of 1986 to 1989 as that vignette has them: a rate with a trend, from the years before."""
    years = np.arange(1973, 1992) - 1985.0
    cases, exposed, x = counts[:13].sum(axis=1), people[:13].sum(axis=1), np.column_stack([np.ones(13), years[:13]])
    beta = np.array([np.log(cases.sum() / exposed.sum()), 0.0])
    for _ in range(20):
        mean = exposed * np.exp(x @ beta)
        beta += np.linalg.solve((x.T * mean) @ x, x.T @ (cases - mean))
    return people[13:17] * np.exp(beta[0] + beta[1] * years[13:17])[:, None]


def test_brain_cancer_in_new_mexico_as_scanstatistics_publishes_it(brain):
    counties, counts, people, places = brain
    rule = Rule(kind="expected", share=1.0, most_areas=15, longest=4)
    found = scan(counts[13:17], places, forecast(counts, people), rule, seed=1)
    best = found.clusters[0]
    assert {counties[area] for area in best.areas} == {"losalamos", "santafe"}
    assert sorted(area + 1 for area in best.areas) == [15, 26]
    assert best.periods == 4
    # Published: 0.005 with 999 simulations; three deviations of both.
    assert best.chance == pytest.approx(0.005, abs=0.0095)


def slow(counts, places, base, rule, fake):
    """The greatest gain of one map, every cylinder worked out as the papers write it."""
    total, best = counts.sum(), 0.0
    for centre in places:
        order = np.argsort(((places - centre) ** 2).sum(axis=1), kind="stable")
        for size in range(1, len(order) + 1):
            inside = order[:size]
            if rule.kind != "permutation" and base[:, inside].sum() > rule.share * base.sum() + 1e-9:
                break
            for back in range(1, rule.longest + 1):
                count = fake[-back:, inside].sum()
                mean = base[-back:, inside].sum()
                if rule.kind != "expected":
                    mean *= total / base.sum()
                if count <= mean or (rule.kind != "expected" and mean >= total):
                    continue
                if rule.kind == "expected":
                    gain = count * np.log(count / mean) + mean - count
                else:
                    rest = total - count
                    gain = count * np.log(count / mean) + (rest * np.log(rest / (total - mean)) if rest else 0.0)
                best = max(best, gain)
    return best


@pytest.mark.parametrize("kind", ["population", "expected", "permutation"])
def test_it_equals_one_that_works_out_every_cylinder(kind):
    random = np.random.default_rng(5)
    places, base = random.random((12, 2)), random.gamma(3.0, 3.0, (6, 12))
    counts = random.poisson(base)
    rule = Rule(kind=kind, share=1.0, longest=3, least=1, simulations=9)
    given = None if kind == "permutation" else base
    found = scan(counts, places, given, rule, seed=3)
    weight = np.outer(counts.sum(axis=1), counts.sum(axis=0)).astype(float) if kind == "permutation" else base
    assert found.clusters[0].gain == pytest.approx(slow(counts, places, weight, rule, counts))
    mean = module._means(counts, weight, rule)
    fakes = module._simulated(counts, mean, rule, np.random.default_rng(3))
    for at in range(9):
        since = fakes[:, :, at].astype(int)
        each = np.diff(since, axis=0, prepend=0)[::-1]
        fake = np.vstack([np.zeros((3, 12), dtype=int), each])
        assert found.simulated[at] == pytest.approx(slow(counts, places, weight, rule, fake))


def test_an_outbreak_is_found_where_and_since_when_it_is():
    random = np.random.default_rng(6)
    places = np.column_stack([np.repeat(np.arange(10), 10), np.tile(np.arange(10), 10)]).astype(float)
    base = np.full((30, 100), 1.0)
    counts = random.poisson(base)
    sick = [35, 44, 45, 46, 55]
    counts[-3:, sick] += 4
    for kind in ("population", "expected", "permutation"):
        best = scan(
            counts, places, None if kind == "permutation" else base, Rule(kind=kind, longest=7), seed=2
        ).clusters[0]
        assert set(best.areas) == set(sick)
        assert best.periods == 3
        assert best.chance <= 0.002


def test_clusters_share_no_area_and_the_same_seed_gives_the_same():
    random = np.random.default_rng(7)
    places, counts = random.random((60, 2)), random.poisson(3.0, (10, 60))
    one, two, other = (scan(counts, places, None, Rule(kind="permutation", longest=4), seed=s) for s in (1, 1, 2))
    assert one.clusters == two.clusters
    np.testing.assert_array_equal(one.simulated, two.simulated)
    assert (one.simulated != other.simulated).any()
    areas = [area for cluster in one.clusters for area in cluster.areas]
    assert len(areas) == len(set(areas))


def test_it_takes_counts_and_no_one():
    """Nothing that could name somebody goes in, and what comes out are areas."""
    assert list(inspect.signature(scan).parameters) == ["counts", "places", "base", "rule", "seed"]
    with pytest.raises(ValueError, match="whole numbers"):
        scan([["resident-1", "resident-2"]], [[0, 0], [1, 1]], [[1, 1]], seed=1)


def test_nothing_counted_is_no_cluster():
    places = np.random.default_rng(8).random((9, 2))
    for kind in ("population", "permutation", "expected"):
        base = None if kind == "permutation" else np.ones((2, 9))
        assert scan(np.zeros((2, 9), dtype=int), places, base, Rule(kind=kind, simulations=19), seed=1).clusters == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"counts": [[1.5, 2]]}, "whole numbers"),
        ({"counts": [[-1, 2]]}, "whole numbers"),
        ({"places": [[0, 0]]}, "2 pairs"),
        ({"base": None}, "a base is needed"),
        ({"base": [[0, 0]]}, "somewhere more than none"),
        ({"rule": Rule(longest=2)}, "there are 1 periods"),
        ({"rule": Rule(kind="permutation")}, "not needed"),
    ],
)
def test_what_does_not_fit_together_is_refused(wrong, said):
    fit = {"counts": [[1, 2]], "places": [[0, 0], [1, 1]], "base": [[1, 1]], "rule": Rule(simulations=9)}
    with pytest.raises(ValueError, match=said):
        scan(**{**fit, **wrong}, seed=1)
