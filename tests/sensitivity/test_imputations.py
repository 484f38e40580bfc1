"""Scores and ranks from several completed tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from dli import Assessment, Index, Indicator, Method, frames
from dli.errors import DLIWarning, MethodError, UnknownCodeError
from dli.imputation import ColumnMean, Latest, Linear, RegressionDraws
from dli.ranking import rank_scores
from dli.sensitivity import Alternatives, multiple_imputation, uncertainty
from dli.sensitivity.seeds import seeded

from .cases import CODES, INDEX, example

pytestmark = pytest.mark.once

few = settings(max_examples=10, deadline=None)


class Noise:
    """An imputation of scikit-learn's kind: random only with its own parameter."""

    def __init__(self, random_state=None, inner=None):
        self.random_state = random_state
        self.inner = inner

    def get_params(self, deep):
        own = {"random_state": self.random_state, "inner": self.inner}
        return own | ({"inner__random_state": self.inner.random_state} if self.inner else {})

    def set_params(self, **parameters):
        for name, value in parameters.items():
            owner = self.inner if name.startswith("inner__") else self
            setattr(owner, name.removeprefix("inner__"), value)
        return self

    def fit_transform(self, values):
        last = self.inner or self
        drawn = np.random.default_rng(last.random_state).uniform(1, 9, values.shape)
        return np.where(np.isnan(values), drawn, values)


class Seeded:
    def __init__(self, seed):
        self.seed = seed

    def impute(self, values, context):
        drawn = np.random.default_rng(self.seed).uniform(1, 9, values.shape)
        return np.where(np.isnan(values), drawn, values)


class Going:
    """It has no seed: a generator goes on from table to table."""

    def __init__(self):
        self.rng = np.random.default_rng(1)

    def impute(self, values, context):
        return np.where(np.isnan(values), self.rng.uniform(1, 9, values.shape), values)


@pytest.fixture
def gappy():
    return example(n_units=14, gaps=0.25, seed=3)


def test_scores_are_pooled_by_rubins_rules(gappy):
    found = multiple_imputation(gappy, RegressionDraws(2), m=6, rng=1)
    assert found.n_tables == 6
    assert found.scores.shape == found.ranks.shape == (6, 14)
    assert_allclose(found.pooled.estimate, found.scores.mean(axis=0))
    assert_allclose(found.pooled.total, 7 / 6 * found.scores.var(axis=0, ddof=1), atol=1e-12)
    assert_array_equal(found.pooled.within, 0)
    assert_array_equal(found.pooled_ranks, rank_scores(found.pooled.estimate))
    assert_allclose(found.expected_ranks, found.ranks.mean(axis=0))
    assert found.varies


def test_each_table_is_the_assessment_with_a_seed_of_its_own(gappy):
    found = multiple_imputation(gappy, RegressionDraws(2), m=3, rng=5)
    seeds = np.random.SeedSequence(found.seed).generate_state(3).tolist()
    for seed, scores, ranks in zip(seeds, found.scores, found.ranks, strict=True):
        table = gappy.evolve(imputation=RegressionDraws(2, seed=seed))
        assert_array_equal(scores, table.array("T"))
        assert_array_equal(ranks, table.rank_array("T"))


def test_filled_cells_are_counted_below_the_node(gappy):
    gaps = np.isnan(gappy.stage_array("raw"))
    whole = multiple_imputation(gappy, RegressionDraws(), m=2, rng=1)
    assert_array_equal(whole.n_imputed, gaps.sum(axis=1))
    part = multiple_imputation(gappy, RegressionDraws(), m=2, rng=1, node="B")
    assert_array_equal(part.n_imputed, gaps[:, 3:5].sum(axis=1))
    assert part.node.code == "B"
    assert_array_equal(part.nominal_scores, gappy.array("B"))
    # What is missing elsewhere matters only as a predictor.
    complete = ~gaps[:, 3:5].any(axis=1)
    assert len(set(part.n_imputed[complete])) == 1


@pytest.mark.parametrize("imputation", [RegressionDraws(), Noise(), Seeded(0)])
def test_the_same_seed_gives_the_same_bits(gappy, imputation):
    first, again = (multiple_imputation(gappy, imputation, m=4, rng=7) for _ in range(2))
    assert_array_equal(first.scores, again.scores)
    more = multiple_imputation(gappy, imputation, m=6, rng=7)
    assert_array_equal(more.scores[:4], first.scores)
    assert not np.array_equal(first.scores, multiple_imputation(gappy, imputation, m=4).scores)


def test_the_callers_imputation_keeps_its_seed(gappy):
    for imputation in (Noise(3, Noise(4)), Seeded(3)):
        found = multiple_imputation(gappy, imputation, m=3, rng=7)
        assert found.varies
        assert getattr(imputation, "seed", 3) == getattr(imputation, "random_state", 3) == 3
    inner = Noise(3, Noise(4))
    multiple_imputation(gappy, inner, m=2, rng=7)
    assert inner.inner.random_state == 4


def test_an_imputation_without_a_seed_goes_on_by_itself(gappy):
    found = multiple_imputation(gappy, Going(), m=3, rng=1)
    assert found.varies
    assert_array_equal(found.scores, multiple_imputation(gappy, Going(), m=3, rng=2).scores)


def test_nothing_missing_gives_the_assessment_to_the_last_bit():
    whole = example(n_units=12)
    found = multiple_imputation(whole, RegressionDraws(), m=7, rng=1)
    assert_array_equal(found.pooled.estimate, whole.array("T"))
    assert_array_equal(found.pooled_ranks, whole.rank_array("T"))
    assert not found.pooled.between.any()
    assert not found.n_imputed.any()
    assert not found.varies
    low, high = found.pooled.interval()
    assert_array_equal(low, high)
    assert_array_equal(found.rank_counts.sum(axis=1), 7)


def test_an_imputation_that_does_not_draw_is_warned_of(gappy):
    with pytest.warns(DLIWarning, match="all 3 completed tables are the same: ColumnMean does not"):
        found = multiple_imputation(gappy, ColumnMean(), m=3, rng=1)
    assert not found.pooled.between.any()
    filled = gappy.evolve(imputation=ColumnMean())
    assert_array_equal(found.pooled.estimate, filled.array("T"))
    steps = {"A": ColumnMean(), "B": None, "C": ColumnMean(), "b1": Latest()}
    panel = example(n_units=12, gaps=0.2, periods=3, imputation=Latest())
    with pytest.warns(DLIWarning, match="same: ColumnMean, Latest does not"):
        multiple_imputation(panel, steps, m=3, rng=1)


def test_parts_of_the_tree_may_have_imputations_of_their_own(gappy):
    steps = {"A": RegressionDraws(), "B": Seeded(1), "C": None}
    found = multiple_imputation(gappy, steps, m=3, rng=1)
    gaps = np.isnan(gappy.stage_array("raw"))
    assert_array_equal(found.n_imputed, gaps[:, :5].sum(axis=1))


def test_no_two_imputations_of_a_table_draw_the_same():
    assert seeded(Seeded(0), 7).seed == 7
    several = {"A": Noise(3, Noise(4)), "B": Seeded(0), "C": None, "D": Noise(3, Noise(4))}
    own = seeded(several, 2**32 - 1)
    seeds = [own["B"].seed]
    for code in "AD":
        seeds += [own[code].random_state, own[code].inner.random_state]
    assert len(set(seeds)) == 5
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert own["C"] is None
    nested = seeded(Noise(3, Noise(4)), 7)
    assert nested.random_state == 7 != nested.inner.random_state


@few
@given(order=st.permutations(range(14)))
def test_the_order_of_units_does_not_matter(order):
    first = example(n_units=14, gaps=0.2, seed=3)
    values = first.stage_array("raw")[order]
    units = [first.units[i] for i in order]
    data = {"unit": units, **dict(zip(CODES, values.T, strict=True))}
    turned = Assessment(INDEX, data, method=first.method)
    found = multiple_imputation(first, RegressionDraws(), m=3, rng=1)
    again = multiple_imputation(turned, RegressionDraws(), m=3, rng=1)
    assert_allclose(again.scores, found.scores[:, order], rtol=1e-8)
    assert_array_equal(again.ranks, found.ranks[:, order])


def test_standard_errors_are_the_variance_within(gappy):
    plain = multiple_imputation(gappy, RegressionDraws(), m=5, rng=1)
    found = multiple_imputation(gappy, RegressionDraws(), m=5, rng=1, errors=0.5, df=30)
    assert_allclose(found.pooled.within, 0.25)
    assert_allclose(found.pooled.total, plain.pooled.total + 0.25)
    assert (found.pooled.df < 30).all()
    assert (found.pooled.share_missing < 1).all()
    sds = np.linspace(0, 1, 14)
    each = multiple_imputation(gappy, RegressionDraws(), m=5, rng=1, errors=sds)
    assert_allclose(each.pooled.within, sds**2)


def test_standard_errors_in_a_frame_are_read_by_unit(gappy):
    pandas = pytest.importorskip("pandas")
    sds = np.linspace(0, 1, 14)
    frame = pandas.DataFrame({"unit": gappy.units, "error": sds}).iloc[::-1]
    found = multiple_imputation(gappy, RegressionDraws(), m=2, rng=1, errors=frame)
    assert_allclose(found.pooled.within, sds**2)
    with pytest.raises(MethodError, match=r"(?s)errors in a data frame.*no row for 'u0'"):
        multiple_imputation(gappy, RegressionDraws(), m=2, errors=frame.iloc[:-1])


def panel_of(**known):
    return example(n_units=30, gaps=0.2, periods=3, seed=2, **known)


def test_periods_are_ranked_apart_and_may_be_chosen():
    panel = panel_of()
    whole = multiple_imputation(panel, RegressionDraws(), m=4, rng=1)
    for year, rows in panel.rows_by_period.items():
        assert_array_equal(whole.pooled_ranks[rows], rank_scores(whole.pooled.estimate[rows]))
        part = multiple_imputation(panel, RegressionDraws(), m=4, rng=1, period=year)
        assert_array_equal(part.scores, whole.scores[:, rows])
        assert_array_equal(part.pooled_ranks, whole.pooled_ranks[rows])
        assert part.units == tuple(panel.units[row] for row in rows)
        assert part.rank_counts.shape == (10, 10)
        assert frames.read(part.table).column("year") == [year] * 10
    lines = repr(whole).splitlines()
    assert lines[0].endswith(f"in {(whole.n_imputed > 0).sum()} rows")
    assert lines[2].split()[:3] == ["unit", "period", "imputed"]
    with pytest.raises(UnknownCodeError, match="no period 9"):
        multiple_imputation(panel, RegressionDraws(), m=2, period=9)


def test_standard_errors_of_a_panel_are_read_by_unit_and_period():
    pandas = pytest.importorskip("pandas")
    panel = panel_of()
    sds = np.linspace(0, 1, 30)
    frame = pandas.DataFrame({"unit": panel.units, "year": panel.periods, "sd": sds}).iloc[::-1]
    found = multiple_imputation(panel, RegressionDraws(), m=2, rng=1, errors=frame, period=1)
    assert_allclose(found.pooled.within, sds[panel.rows(1)] ** 2)


def test_an_imputation_over_time_must_keep_the_rows():
    data = {"unit": list("XXYY"), "year": [1, 2, 1, 2], "a": [1, 2, 3, 4], "b": [5, None, 2, 1]}
    index = Index("T", [Indicator("a"), Indicator("b")])
    panel = Assessment(index, data, period="year", method=Method(availability=0.6))
    with pytest.raises(MethodError, match="Linear keeps other rows than the assessment"):
        multiple_imputation(panel, Linear(), m=2)


def test_tables_have_a_row_for_each_unit(gappy):
    found = multiple_imputation(gappy, RegressionDraws(), m=9, rng=1)
    table = frames.read(found.table)
    assert table.names == (
        "unit",
        "imputed",
        "nominal",
        "score",
        "within",
        "between",
        "total",
        "df",
        "share_missing",
        "missing_information",
    )
    assert_allclose(table.column("score"), found.pooled.estimate)
    scores = frames.read(found.score_intervals((0.1, 0.5, 0.9)))
    assert scores.names == ("unit", "nominal", "score", "sd", "q10", "q50", "q90")
    assert_allclose(scores.column("q50"), found.pooled.estimate)
    assert_allclose(scores.column("q90"), found.pooled.interval(0.9))
    assert_allclose(scores.column("sd"), np.sqrt(found.pooled.total))
    ranks = frames.read(found.rank_intervals((0, 1)))
    assert ranks.names == ("unit", "nominal", "rank", "mean", "q0", "q100")
    assert_array_equal(ranks.column("q100"), found.ranks.max(axis=0))
    assert frames.read(found.rank_intervals(0.5)).names[-1] == "q50"
    assert_array_equal(found.rank_counts.sum(axis=1), 9)
    assert_allclose(found.rank_counts @ np.arange(1, 15) / 9, found.expected_ranks)
    assert_array_equal(ranks.column("nominal"), gappy.rank_array("T"))


def test_units_without_a_score_have_none(gappy):
    class Some:
        """It leaves gaps of the last unit."""

        seed = 0

        def impute(self, values, context):
            filled = RegressionDraws(seed=self.seed).impute(values, context)
            filled[-1] = values[-1]
            return filled

    values = gappy.stage_array("raw").copy()
    values[-1, 1:] = np.nan
    data = {"unit": gappy.units, **dict(zip(CODES, values.T, strict=True))}
    given_data = Assessment(INDEX, data, method=Method(missing="propagate"))
    found = multiple_imputation(given_data, Some(), m=3, rng=1)
    assert np.isnan(found.pooled.estimate[-1])
    assert np.isnan(found.pooled_ranks[-1])
    assert not found.rank_counts[-1].any()
    assert frames.read(found.rank_intervals()).column("rank")[-1] is None


def test_it_prints_the_first_by_pooled_rank(gappy):
    found = multiple_imputation(gappy, RegressionDraws(), m=4, rng=1)
    lines = repr(found).splitlines()
    n = int(np.isnan(gappy.stage_array("raw")).sum())
    assert lines[0].startswith(f"Multiple imputation of T: 4 tables, {n} cells imputed in ")
    assert lines[0].endswith(" units")
    assert lines[2].split()[:3] == ["unit", "imputed", "score"]
    assert lines[3].startswith(gappy.units[int(np.argmin(found.pooled_ranks))])
    assert lines[-1] == "… and 2 more"
    assert max(map(len, lines)) <= 80


def test_imputations_with_seeds_are_alternatives_of_a_study(gappy):
    options = [RegressionDraws(seed=1), RegressionDraws(seed=2), ColumnMean(), None]
    study = uncertainty(gappy, [Alternatives("imputation", options)], n_samples=400, rng=1)
    own = np.array([gappy.evolve(imputation=option).array("T") for option in options])
    assert not np.array_equal(own[0], own[1])
    drawn = frames.read(study.inputs(n=40)).column("imputation")
    assert set(drawn) == {repr(option) for option in options}
    for scores, label in zip(study.scores(n=40), drawn, strict=True):
        assert_allclose(scores, own[[repr(option) for option in options].index(label)])
    assert_allclose(study.mean_scores, own.mean(axis=0), atol=0.5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"imputation": None}, "imputation must draw missing values, such as .*; got None$"),
        ({"imputation": {"A": None}}, "must draw missing values, such as .*; got {'A': None}"),
        ({"imputation": "mean"}, "imputation must be an object with a method impute"),
        (
            {"imputation": RegressionDraws},
            r"not the class RegressionDraws; write RegressionDraws\(\)",
        ),
        ({"m": 1}, "m must be a whole number from 2 to 10,000, got 1"),
        ({"rng": "a"}, "rng .* must be a whole number"),
        ({"node": "a1"}, "node must have children, but 'a1' is an indicator"),
        ({"period": 2}, "the data have no periods"),
        ({"progress": 1}, "progress must be True or False, got 1"),
        ({"df": 5}, "df, the degrees of freedom of standard errors, needs errors"),
        ({"df": 0, "errors": 1}, "df must be a number above 0, got 0"),
        ({"errors": [1, 2]}, r"errors must be a number or .* \(14,\), .* got \(2,\)"),
        ({"errors": -1}, r"errors must be numbers of at least 0 .*:\n  - unit 'u0': -1.0"),
        ({"errors": 1e200}, r"whose squares are finite:\n  - unit 'u0': 1e\+200"),
        ({"errors": [np.nan] + [1] * 13}, "finite:\n  - unit 'u0': nan$"),
        ({"errors": "a"}, "errors must"),
    ],
)
def test_wrong_parameters_are_errors(gappy, changes, message):
    arguments = {"imputation": RegressionDraws(), "m": 2} | changes
    with pytest.raises(MethodError, match=message):
        multiple_imputation(gappy, **arguments)


def test_wrong_flags_and_numbers_are_listed_together(gappy):
    with pytest.raises(MethodError, match=r"(?s)progress .*df must be .*needs errors"):
        multiple_imputation(gappy, RegressionDraws(), progress="yes", df=-1)
    with pytest.raises(MethodError, match="assessment must be of the class Assessment"):
        multiple_imputation(INDEX, RegressionDraws())
    with pytest.raises(UnknownCodeError, match="no node 'X'"):
        multiple_imputation(gappy, RegressionDraws(), node="X")


def test_an_imputation_that_takes_no_seed_is_an_error(gappy):
    class Stubborn(Seeded):
        def __deepcopy__(self, memo):
            raise TypeError("not me")

    message = "cannot set the seed of the imputation Stubborn: TypeError: not me"
    with pytest.raises(MethodError, match=message):
        multiple_imputation(gappy, Stubborn(1), m=2)


def test_progress_shows_a_bar(gappy, capsys):
    pytest.importorskip("tqdm")
    multiple_imputation(gappy, RegressionDraws(), m=2, rng=1, progress=True)
    assert "2.00/2.00" in capsys.readouterr().err
