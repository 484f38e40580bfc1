import numpy as np
import pytest
from scipy.stats import linregress

from dli import Assessment, Index, Indicator, Method, frames
from dli.change import convergence, dispersion
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.normalisation import Goalposts

INDEX = Index("T", [Indicator("a", goalposts=(0, 100))])


def panel(scores, periods=(2000, 2010)):
    """Give scores (units x periods) as an assessment."""
    n = len(scores)
    data = {
        "unit": [f"u{i}" for _ in periods for i in range(n)],
        "year": [period for period in periods for _ in range(n)],
        "a": [row[j] for j in range(len(periods)) for row in scores],
    }
    method = Method(normalisation=Goalposts(), availability=0.5)
    return Assessment(INDEX, data, period="year", method=method)


def row(frame):
    table = frames.read(frame)
    return {name: table.column(name)[0] for name in table.names}


def test_those_behind_catch_up_by_hand():
    """Each makes up half of its lag behind 80 in ten years: beta = -.05 a year, half-life ten."""
    starts = [20.0, 40.0, 60.0]
    found = row(convergence(panel([[s, (s + 80) / 2] for s in starts])))
    assert found["beta"] == pytest.approx(-0.05)
    assert found["half_life"] == pytest.approx(10.0)
    assert found["r_squared"] == pytest.approx(1.0)
    assert (found["first"], found["last"], found["units"]) == (2000, 2010, 3)


def test_the_regression_is_that_of_scipy():
    rng = np.random.default_rng(2)
    start = rng.uniform(10, 60, 30)
    end = start + rng.uniform(0, 20, 30)
    found = row(convergence(panel(np.stack([start, end], axis=1).tolist())))
    fit = linregress(start, (end - start) / 10)
    assert found["beta"] == pytest.approx(fit.slope)
    assert found["standard_error"] == pytest.approx(fit.stderr)
    assert found["p_value"] == pytest.approx(fit.pvalue)


def test_units_that_drift_apart_have_no_half_life():
    found = row(convergence(panel([[10, 11], [20, 24], [30, 40]])))
    assert found["beta"] > 0
    assert found["half_life"] is None


def test_periods_that_are_not_numbers_are_steps_of_one():
    scores = [[20.0, 25.0, 50.0], [40.0, 45.0, 60.0], [60.0, 62.0, 70.0]]
    by_quarter = row(convergence(panel(scores, ("2020-Q4", "2021-Q1", "2021-Q2"))))
    by_year = row(convergence(panel(scores, (1, 2, 3))))
    assert by_quarter["beta"] == pytest.approx(by_year["beta"])
    part = row(convergence(panel(scores, (1, 2, 3)), first=2, last=3))
    assert part["first"] == 2


def test_text_of_numbers_is_in_the_order_of_the_numbers():
    """As text, "10" comes before "9"; a lag of half is made up in two years."""
    found = panel([[20.0, 35.0, 50.0], [40.0, 50.0, 60.0], [60.0, 65.0, 70.0]], ("9", "10", "11"))
    assert (row(convergence(found))["first"], row(convergence(found))["last"]) == ("9", "11")
    assert row(convergence(found))["half_life"] == pytest.approx(2.0)
    assert frames.read(dispersion(found)).column("year") == ["9", "10", "11"]


@pytest.mark.parametrize("compare", [convergence, dispersion])
def test_periods_without_an_order_are_refused(compare):
    scores = [[20.0, 25.0], [40.0, 45.0], [60.0, 62.0]]
    with pytest.raises(DataError, match=r"(?s)ambiguous.*'before'.*'after'"):
        compare(panel(scores, ("before", "after")))


def test_dispersion_counts_units_that_are_there_throughout():
    scores = [[10.0, 20.0], [20.0, 30.0], [40.0, 40.0], [90.0, None]]
    found = frames.read(dispersion(panel(scores)))
    assert found.column("year") == [2000, 2010]
    assert found.column("units") == [3, 3]
    assert found.column("sd") == pytest.approx([np.std([10, 20, 40], ddof=1), 10.0])
    assert found.column("cv")[1] == pytest.approx(10 / 30)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: dispersion(Assessment(INDEX, {"unit": ["x"], "a": [1.0]}, method=Method(normalisation=Goalposts()))),
         MethodError, "no periods; name the column of periods"),
        (lambda: convergence(Assessment(INDEX, {"unit": ["x"], "a": [1.0]}, method=Method(normalisation=Goalposts()))),
         MethodError, "the data have no periods"),
        (lambda: dispersion(panel([[1, 2], [2, 3]])), DataError, "at least three units must have a score .* got 2"),
        (lambda: convergence(panel([[1, 2], [2, 3], [3, 5]]), last=2011), UnknownCodeError, "no period 2011"),
        (lambda: convergence(panel([[1, 2], [2, 3], [3, 5]]), first=1, last=2), UnknownCodeError, "(?s)unknown: period.*no period 1.*no period 2"),
        (lambda: convergence(panel([[1, 2], [2, 3], [3, 5]]), last=2000), MethodError, "got 2000 twice"),
        (lambda: convergence(panel([[1, 2], [1, 3], [1, 5]])), DataError, "convergence requires scores that differ"),
        (lambda: dispersion(panel([[1, 2], [2, 3], [3, 5]]), node="Q"), UnknownCodeError, "no node 'Q'"),
    ],
)  # fmt: skip
def test_what_has_no_convergence_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
