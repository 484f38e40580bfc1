import numpy as np
import pytest
from tests.capability.cases import INDEX, column, graph

from dli import Assessment, Method, frames
from dli.capability import CapabilityGraph
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.normalisation import Goalposts

BUILT = graph(
    ("c", "d", 0.3), ("c", "a1", 0.2), ("d", "a1", 0.4), ("wall", "a2", 0.3), ("c", "b1", 0.1),
    barriers={"wall"},
)  # fmt: skip
TRUE = {("c", "d"): 0.5, ("c", "a1"): 0.3, ("d", "a1"): 0.2, ("wall", "a2"): 0.4, ("c", "b1"): 0.0}


def survey(n_units=60, *, noise=0.0, periods=None, seed=1):
    """Make data in which the true strengths hold."""
    rng = np.random.default_rng(seed)
    n = n_units * (periods or 1)
    c, wall = rng.uniform(0, 1, (2, n))
    d = 0.2 + 0.5 * c + noise * rng.normal(size=n) + 0.2 * rng.uniform(-1, 1, n)
    d = np.clip(d, 0, 1)
    data = {
        "unit": [f"u{i % n_units}" for i in range(n)],
        "c": c,
        "d": d,
        "wall": wall,
        "a1": 10 * (0.3 + 0.3 * c + 0.2 * d + noise * rng.normal(size=n)).clip(0, 1),
        "a2": 10 * (0.7 - 0.4 * wall + noise * rng.normal(size=n)).clip(0, 1),
        "b1": 10 * (0.5 - 0.3 * c).clip(0, 1),
        "b2": 10 * rng.uniform(0, 1, n),
    }
    if periods:
        data["year"] = [i // n_units for i in range(n)]
    return data


def assessed(data, **options):
    return Assessment(INDEX, data, method=Method(normalisation=Goalposts()), **options)


def strengths(estimate):
    table = estimate.table
    keys = zip(column(table, "source"), column(table, "target"), strict=True)
    return dict(zip(keys, column(table, "strength"), strict=True))


def test_true_strengths_are_found_again():
    found = BUILT.estimate(assessed(survey()), ridge=0.0, n_bootstrap=20, rng=1)
    assert strengths(found)["c", "a1"] == pytest.approx(0.3, abs=1e-9)
    assert strengths(found)["d", "a1"] == pytest.approx(0.2, abs=1e-9)
    assert strengths(found)["wall", "a2"] == pytest.approx(0.4, abs=1e-9)
    assert strengths(found)["c", "d"] == pytest.approx(0.5, abs=0.1)
    assert found.graph.links[1].strength == pytest.approx(0.3, abs=1e-9)
    assert found.prior is BUILT


def test_a_strength_of_the_wrong_sign_is_held_at_zero():
    found = BUILT.estimate(assessed(survey()), ridge=0.0, n_bootstrap=20, rng=1)
    assert strengths(found)["c", "b1"] == 0.0
    notes = dict(zip(column(found.table, "target"), column(found.table, "note"), strict=True))
    assert notes["b1"] == "at the end of its range"


def test_intervals_hold_the_truth_and_shrink_with_more_units():
    few = BUILT.estimate(assessed(survey(30, noise=0.1)), ridge=0.0, n_bootstrap=200, rng=1)
    many = BUILT.estimate(assessed(survey(2000, noise=0.1)), ridge=0.0, n_bootstrap=200, rng=1)
    for found in (few, many):
        low, high = column(found.table, "low")[1], column(found.table, "high")[1]
        assert low < 0.3 < high
    widths = [np.subtract(column(f.table, "high"), column(f.table, "low"))[1] for f in (few, many)]
    assert widths[1] < widths[0] / 3


def test_a_ridge_holds_to_the_prior():
    free = strengths(BUILT.estimate(assessed(survey()), ridge=0.0, n_bootstrap=5, rng=1))
    held = strengths(BUILT.estimate(assessed(survey()), ridge=1e9, n_bootstrap=5, rng=1))
    between = strengths(BUILT.estimate(assessed(survey()), ridge=1.0, n_bootstrap=5, rng=1))
    assert held["c", "a1"] == pytest.approx(0.2, abs=1e-6)
    assert min(0.2, free["c", "a1"]) < between["c", "a1"] < max(0.2, free["c", "a1"])


def test_a_ridge_by_hand():
    """One source of n rows: (n cov / var(y) + ridge prior) / (n var(x) / var(y) + ridge)."""
    data = survey()
    x, y = data["wall"], data["a2"] / 10
    found = strengths(BUILT.estimate(assessed(data), ridge=0.5, n_bootstrap=5, rng=1))
    covariance = -np.cov(x, y, bias=True)[0, 1] / y.var()
    assert found["wall", "a2"] == pytest.approx(
        (60 * covariance + 0.5 * 0.3) / (60 * x.var() / y.var() + 0.5)
    )


def test_the_same_seed_gives_the_same_draws():
    first = BUILT.estimate(assessed(survey()), n_bootstrap=10, rng=7)
    second = BUILT.estimate(assessed(survey()), n_bootstrap=10, rng=7)
    assert np.array_equal(first.strengths, second.strengths)
    assert first.strengths.shape == (10, 5)
    assert first.uncertain.strengths is first.strengths
    assert repr(first).startswith("5 strengths estimated, 1 of them doubtful")


def test_sources_that_move_together_are_told():
    data = survey()
    data["d"] = 0.1 + 0.8 * data["c"]
    found = BUILT.estimate(assessed(data), ridge=0.0, n_bootstrap=5, rng=1)
    table = frames.read(found.table)
    row = table.column("source").index("d")
    assert table.column("note")[row] == "not identified alone: the sources move together"
    assert table.column("vif")[row] > 1e6
    assert table.column("vif")[0] == pytest.approx(1.0)


def test_a_source_that_does_not_vary_keeps_its_prior():
    data = survey()
    data["wall"] = np.full(60, 0.5)
    found = BUILT.estimate(assessed(data), n_bootstrap=5, rng=1)
    table = frames.read(found.table)
    row = table.column("source").index("wall")
    assert table.column("strength")[row] == pytest.approx(0.3)
    assert (
        table.column("note")[row] == "not identified: the source does not vary, the prior is kept"
    )


def test_an_outcome_that_does_not_vary_has_no_fit():
    data = survey()
    data["a2"] = np.full(60, 5.0)
    found = BUILT.estimate(assessed(data), n_bootstrap=5, rng=1)
    table = frames.read(found.table)
    assert table.column("r_squared")[table.column("target").index("a2")] is None


def test_with_periods_changes_are_regressed_on_changes():
    """Units differ by a level of their own, which changes do not see."""
    data = survey(40, periods=3)
    own = np.tile(np.linspace(0, 3, 40), 3)
    data["a2"] = data["a2"] + own * (data["wall"] > -1)
    assessment = assessed({**data, "a2": data["a2"] / 2}, period="year")
    found = BUILT.estimate(assessment, ridge=0.0, n_bootstrap=10, rng=1)
    assert strengths(found)["wall", "a2"] == pytest.approx(0.2, abs=1e-9)
    assert column(found.table, "n_rows")[0] == 80


def test_levels_may_come_in_a_table_of_their_own():
    data = survey()
    names = ("c", "d", "wall")
    levels = {name: list(reversed(list(data[name]))) for name in ("unit", *names)}
    bare = {name: cells for name, cells in data.items() if name not in names}
    found = BUILT.estimate(assessed(bare), levels, ridge=0.0, n_bootstrap=5, rng=1)
    assert strengths(found)["wall", "a2"] == pytest.approx(0.4, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"c": None},
            DataError,
            "columns are missing in the table of measured levels of capabilities:\n  - capability 'c'",
        ),
        ({"c": [2.0] + [0.5] * 59}, DataError, r"row 0 \('u0',\), 'c': 2"),
        ({"c": ["much"] + [0.5] * 59}, DataError, r"row 0 \('u0',\), 'c': 'much' is not a number"),
        ({"unit": ["u1"] * 60}, DataError, "row 1 .* appears before, in row 0"),
        ({"unit": [f"x{i}" for i in range(60)]}, UnknownCodeError, "no row of levels for"),
        ({"d": [0.5, 0.6, 0.7] + [None] * 57}, DataError, "'a1': 3 rows for 2 sources"),
    ],
)
def test_levels_that_cannot_be_used_are_refused(change, error, message):
    data = survey()
    levels = {name: data[name] for name in ("unit", "c", "d", "wall")} | change
    levels = {name: cells for name, cells in levels.items() if cells is not None}
    with pytest.raises(error, match=message):
        BUILT.estimate(assessed(data), levels)


def test_an_estimate_is_a_graph_of_the_same_class():
    class Own(CapabilityGraph):
        """A user's graph."""

    own = Own(BUILT.capabilities, BUILT.links)
    found = own.estimate(assessed(survey()), n_bootstrap=2, rng=np.random.SeedSequence(3))
    assert type(found.graph) is type(found.uncertain.draws[0]) is Own


def test_options_that_make_no_sense_are_all_listed():
    with pytest.raises(MethodError) as caught:
        BUILT.estimate(assessed(survey()), ridge=-1, n_bootstrap=1, confidence=1)
    assert len(caught.value.faults) == 3


def measured(n, rng):
    """Make a survey in which .3, .2 and .4 hold, far from the prior .2, .4 and .3."""
    data = survey(n)
    c, d, wall = rng.uniform(0, 1, (3, n))
    data |= {"c": c, "d": d, "wall": wall}
    data["a1"] = 10 * (0.3 + 0.3 * c + 0.2 * d + rng.normal(0, 0.1, n))
    data["a2"] = 10 * (0.7 - 0.4 * wall + rng.normal(0, 0.1, n))
    return data


@pytest.mark.parametrize("n", [50, 200, 600])
def test_intervals_cover_the_truth_as_often_as_they_say(n):
    """At a nominal 90 %: in 40 tables of 3 strengths; 3.5 standard errors below and above."""
    built = graph(("c", "a1", 0.2), ("d", "a1", 0.4), ("wall", "a2", 0.3), barriers={"wall"})
    true = np.array([0.3, 0.2, 0.4])
    rng = np.random.default_rng(2026)
    covered = []
    for _ in range(40):
        found = built.estimate(assessed(measured(n, rng)), n_bootstrap=150, rng=rng)
        low, high = np.array(column(found.table, "low")), np.array(column(found.table, "high"))
        covered.append((low <= true) & (true <= high))
    assert 0.8 <= np.mean(covered) <= 0.98


def test_the_pull_of_the_prior_fades_with_the_rows():
    """Of rows that repeat, a hundred times as many pull a hundred times less."""
    data = survey(20)
    many = {name: [*np.tile(cells, 100)] for name, cells in data.items()}
    many["unit"] = [f"u{i}" for i in range(2000)]
    free, held, faded = (
        strengths(BUILT.estimate(assessed(cells), ridge=ridge, n_bootstrap=2, rng=1))["wall", "a2"]
        for cells, ridge in ((data, 0.0), (data, 20.0), (many, 20.0))
    )
    assert abs(held - free) > 5e-3
    assert abs(faded - free) < abs(held - free) / 50


def test_what_the_data_do_not_tell_is_as_uncertain_as_the_prior():
    data = measured(60, np.random.default_rng(3))
    data["d"] = np.full(60, 0.5)
    found = BUILT.estimate(assessed(data), ridge=100.0, n_bootstrap=500, rng=1)
    row = column(found.table, "note").index(
        "not identified: the source does not vary, the prior is kept"
    )
    left = 1 - column(found.table, "r_squared")[row]
    width = column(found.table, "high")[row] - column(found.table, "low")[row]
    assert width == pytest.approx(2 * 1.645 * np.sqrt(left / 100), rel=0.1)


def test_links_say_that_they_are_estimated():
    found = BUILT.estimate(assessed(survey()), n_bootstrap=5, rng=1)
    low, high = column(found.table, "low")[0], column(found.table, "high")[0]
    assert found.graph.links[0].evidence == (
        f"estimated from 60 rows: {low:.2f} to {high:.2f} at 90%; before: judgement"
    )
