"""Judgements are read alike whatever they come in, and refused where they are given."""

import warnings
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli import Index, Indicator
from dli.elicitation import gather, join_ratings, krippendorff_alpha
from dli.errors import DLIError, DLIWarning, InconsistentJudgementsError, MethodError, ModelError
from dli.framework.choices import read_choice, write_choice
from dli.weighting import (
    AHP,
    BestWorst,
    BudgetAllocation,
    DirectPoints,
    Fixed,
    GroupAHP,
    PairwiseSwing,
    RankOrder,
    Swara,
    ahp_hierarchy,
    ahp_priorities,
    best_worst_weights,
    budget_allocation_weights,
    equal_weights,
    geometric_threshold,
    group_consensus,
    group_judgements,
    group_priorities,
    nested_weights,
    pairwise_swing_weights,
    point_weights,
    random_index,
    rank_order_centroid_weights,
    revisions,
    sample_judgements,
    swara_weights,
)

NAN = float("nan")
CODES = ("a", "b", "c")
CHILDREN = [Indicator(code) for code in CODES]
VALUES = np.zeros((1, 3))
# 0.648, 0.230, 0.122; read by columns it would be 0.109, 0.309, 0.582.
ROWS = [[1.0, 3.0, 5.0], [1 / 3, 1.0, 2.0], [1 / 5, 1 / 2, 1.0]]
WEIGHTS = [0.648329, 0.229651, 0.122020]
PAIRS = [("a", "b", 3.0), ("a", "c", 5.0), ("b", "c", 2.0)]
# The same judgements with the items in another order.
ORDER = [2, 0, 1]
MIXED = [[ROWS[i][j] for j in ORDER] for i in ORDER]
NAMES = [CODES[i] for i in ORDER]


def columns(rows, names):
    return dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True))


def weights(judgements, scheme=AHP):
    return scheme(judgements).weights(VALUES, CHILDREN)


MATRICES = {
    "list": ROWS,
    "array": np.array(ROWS),
    "objects": np.array(ROWS, dtype=object),
    "rows": [np.array(row) for row in ROWS],
    "fractions": [[1, 3, 5], [Fraction(1, 3), 1, 2], [Decimal("0.2"), Decimal("0.5"), 1]],
    "pandas": pd.DataFrame(ROWS),
    "polars": pl.DataFrame(ROWS, orient="row"),
    "polars lazy": pl.DataFrame(ROWS, orient="row").lazy(),
}
LABELLED = {
    "pandas columns": pd.DataFrame(MIXED, columns=NAMES),
    "pandas index": pd.DataFrame(MIXED, index=NAMES),
    "pandas both": pd.DataFrame(MIXED, index=NAMES, columns=NAMES),
    "pandas shuffled": pd.DataFrame(MIXED, index=NAMES, columns=NAMES).loc[["b", "a", "c"]],
    "pandas read from a file": pd.DataFrame({"item": NAMES, **columns(MIXED, NAMES)}),
    "polars columns": pl.DataFrame(MIXED, schema=NAMES, orient="row"),
    "polars first column": pl.DataFrame({"item": NAMES, **columns(MIXED, NAMES)}),
    "polars names": pl.DataFrame([[n, *row] for n, row in zip(NAMES, MIXED, strict=True)], orient="row"),
    "pyarrow columns": pa.table(columns(MIXED, NAMES)),
    "pyarrow first column": pa.table({"item": ["c", "b", "a"], **columns([MIXED[0], MIXED[2], MIXED[1]], NAMES)}),
    "pandas pairs": pd.DataFrame(PAIRS, columns=["one", "other", "times"]),
    "polars pairs": pl.DataFrame(PAIRS, orient="row"),
    "pyarrow pairs": pa.Table.from_pandas(pd.DataFrame(PAIRS, columns=["x", "y", "z"])),
    "categories": pd.DataFrame(PAIRS, columns=["x", "y", "z"]).astype({"x": "category"}),
    "list of pairs": PAIRS,
    "mapping": {(a, b): value for a, b, value in PAIRS},
    "structured": np.array(PAIRS, dtype=[("x", "U1"), ("y", "U1"), ("z", float)]),
}  # fmt: skip


@pytest.mark.parametrize("form", MATRICES)
def test_rows_are_rows_in_every_form(form):
    """A polars frame was read by its columns, a pandas frame by its labels."""
    found = AHP(MATRICES[form])
    np.testing.assert_allclose(found.weights(VALUES, CHILDREN), WEIGHTS, atol=1e-6)
    np.testing.assert_allclose(found.judgements, ROWS)
    np.testing.assert_allclose(weights(MATRICES[form], PairwiseSwing), weights(ROWS, PairwiseSwing))
    each = GroupAHP({"Ann": MATRICES[form], "Bob": ROWS})
    np.testing.assert_allclose(each.weights(VALUES, CHILDREN), WEIGHTS, atol=1e-6)
    expected = ahp_priorities(ROWS).weights
    np.testing.assert_allclose(ahp_priorities(MATRICES[form]).weights, expected)
    np.testing.assert_allclose(pairwise_swing_weights(MATRICES[form]), weights(ROWS, PairwiseSwing))
    np.testing.assert_allclose(group_judgements([MATRICES[form]]), ROWS)
    assert [r.first for r in revisions(MATRICES[form])] == [r.first for r in revisions(ROWS)]
    drawn = sample_judgements(MATRICES[form], MATRICES[form], 2, rng=0)
    np.testing.assert_allclose(drawn, [ROWS, ROWS])


@pytest.mark.parametrize("form", LABELLED)
def test_labels_are_codes_in_every_form(form):
    for scheme in (AHP, PairwiseSwing, lambda judgements: GroupAHP({"Ann": judgements})):
        np.testing.assert_allclose(
            weights(LABELLED[form], scheme), weights(ROWS, scheme), atol=1e-9
        )
    assert sorted(AHP(LABELLED[form]).codes) == list(CODES)
    saved = write_choice("weighting", AHP(LABELLED[form]))
    assert read_choice("weighting", saved) == AHP(LABELLED[form])


@pytest.mark.parametrize("form", [form for form in LABELLED if "index" in form or "both" in form or "shuffled" in form or "column" in form])  # fmt: skip
def test_functions_take_rows_in_the_order_of_the_columns(form):
    own = ahp_priorities(LABELLED[form])
    np.testing.assert_allclose(own.weights, np.array(WEIGHTS)[ORDER], atol=1e-6)
    frames = [LABELLED[form], pd.DataFrame(ROWS, index=CODES, columns=CODES)]
    # A stack is in the order of its first matrix.
    np.testing.assert_allclose(group_judgements(frames), MIXED)
    np.testing.assert_allclose(group_judgements(frames[::-1]), ROWS)
    np.testing.assert_allclose(ahp_priorities(frames).weights[1], own.weights)


@given(
    st.lists(st.sampled_from([1 / 9, 1 / 3, 1, 2, 7]), min_size=6, max_size=6),
    st.permutations("abcd"),
    st.permutations("abcd"),
)
def test_the_order_of_labels_never_matters(judged, down, across):
    matrix = np.eye(4)
    i, j = np.triu_indices(4, 1)
    matrix[i, j], matrix[j, i] = judged, 1 / np.array(judged)
    frame = pd.DataFrame(matrix, index=list("abcd"), columns=list("abcd"))
    expected = AHP(matrix).priorities("abcd").weights
    found = AHP(frame.loc[down, across]).priorities("abcd").weights
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_matrix_with_labels_says_what_its_rows_say():
    rows = [[1, 3, None], [0.333, 1, (2, 4)], [None, (0.25, 0.5), 1]]
    labelled = AHP(pd.DataFrame(rows, index=CODES, columns=CODES, dtype=object))
    np.testing.assert_allclose(labelled.bounds(CODES), AHP(rows).bounds(CODES), atol=1e-3)
    np.testing.assert_allclose(labelled.weights(VALUES, CHILDREN), weights(rows))
    # Of two reciprocals the larger number is taken, as of rows.
    lower = [[1, 0.333, None], [3, 1, (0.25, 0.5)], [None, (2, 4), 1]]
    labelled = AHP(pd.DataFrame(lower, index=CODES, columns=CODES, dtype=object))
    assert labelled.judgements == (("a", "b", 1 / 3), ("a", "c", None), ("b", "c", (0.25, 0.5)))
    below = AHP(pd.DataFrame([[1, None], [2, 1]], columns=["a", "b"]))
    assert below.judgements == (("b", "a", 2.0),)
    np.testing.assert_allclose(below.priorities("ab").weights, [1 / 3, 2 / 3])
    assert AHP(pd.DataFrame({"a": [1]})).codes == ("a",)
    assert AHP(pl.DataFrame({"a": [None, 2.0], "b": [0.5, None]})).priorities("ab").weights[0] < 0.5


def test_missing_is_missing_in_every_form():
    """What was masked, such as -9999, was read."""
    gaps = np.ma.masked_array(ROWS, [[0, 0, 1], [0, 0, 0], [1, 0, 0]])
    gaps.data[0, 2] = gaps.data[2, 0] = -9999
    expected = weights([["a", "b", 3], ["b", "c", 2]])
    forms = {
        "masked": gaps,
        "masked rows": list(gaps),
        "NaN": np.where(gaps.mask, NAN, ROWS),
        "NA": pd.DataFrame(np.where(gaps.mask, NAN, ROWS)).convert_dtypes(),
        "null": pl.DataFrame(gaps.tolist(), orient="row"),
    }
    for form, matrix in forms.items():
        np.testing.assert_allclose(weights(matrix), expected, atol=1e-7, err_msg=form)
        np.testing.assert_allclose(ahp_priorities(matrix).weights, expected, atol=1e-7)
        if form != "masked rows":
            assert np.isnan(group_judgements([matrix])[0, 2])
    pairs = pd.DataFrame([["a", "b", 3], ["b", "c", 2], ["a", "c", None]])
    np.testing.assert_allclose(weights(pairs), expected, atol=1e-7)


def test_halves_that_are_missing_are_not_lost():
    """Drawn weights, and intervals below the diagonal, needed the upper half."""
    half = AHP([[1, None, None], [1 / 3, 1, None], [(1 / 6, 1 / 4), 1 / 2, 1]])
    assert half.sample_weights(CODES, 5, rng=0).shape == (5, 3)
    low, high = half.bounds(CODES)
    np.testing.assert_allclose([low[0, 2], high[0, 2]], [4, 6])
    below = [[1, NAN], [1 / 4, 1]], [[NAN, NAN], [1 / 2, NAN]]
    drawn = sample_judgements(*below, 50, rng=0)[:, 0, 1]
    assert (drawn >= 2).all()
    assert (drawn <= 4).all()
    with pytest.raises(MethodError, match=r"\(0, 1\): nan to 3"):
        sample_judgements([[1, NAN], [NAN, 1]], [[1, 3], [NAN, 1]], 2)
    with pytest.raises(
        MethodError, match=r"square tables of the same shape, got \(1, 2\) and \(1, 2\)"
    ):
        sample_judgements([[1, 2]], [[1, 2]], 2)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame(ROWS, index=["a", "b", "x"], columns=CODES), r"(?s)row 'x': no such column.*column 'c': no such row"),
        (pl.DataFrame({"item": ["a", "b", "x"], **columns(ROWS, CODES)}), "row 'x': no such column"),
        (pd.DataFrame(ROWS, index=["a", "b", "b"], columns=CODES), "row label 'b' appears twice"),
        (pd.DataFrame(ROWS, columns=["a", "b", "b"]), "column names must differ"),
        (pd.DataFrame(ROWS, index=[1, 2, 3], columns=CODES), "row label 1 is not text"),
        (pd.DataFrame(ROWS, columns=[1, 2, 3]), "column label 1 is not text"),
        (pd.DataFrame(ROWS, index=[2, 0, 1]), "row label 2 is not text"),
        (pd.DataFrame(ROWS[:2], columns=CODES), "2 rows, 3 columns of judgements among a, b, c"),
        (pd.DataFrame({"one": ["a"], "other": ["b"], "n": [3], "value": [2]}), r"column 'other': no such row"),
        (pd.DataFrame(columns=CODES), r"without rows or columns \(columns: a, b, c\)"),
        (pl.DataFrame(), r"without rows or columns \(columns: none\)"),
        (pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}), r"row 0, column 1|\(a, b\): a judgement must be a number above 0, got 'x'"),
        (pd.DataFrame({"a": [1.0, -2], "b": [0.5, 1]}), r"\(b, a\): a judgement must be a number above 0, got -2"),
        (pd.DataFrame([["a", "b", "3"]]), r"\(a, b\): a judgement must be a number above 0, got '3'"),
        (pl.DataFrame([["a", "b", 3], [None, "c", 2]], orient="row"), r"row 1: \[None, 'c', 2\]"),
        (pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])}), r"\(a, a\): a judgement must be a number above 0, got Timestamp"),
        (pd.DataFrame([[2.0]]), r"\(0, 0\): 2, expected 1"),
        (pd.DataFrame(ROWS, index=CODES, columns=CODES).where(lambda x: x != 5, 7), r"\(c, a\): judged 0.142857 and 0.2"),
    ],
    ids=range(18),
)  # fmt: skip
def test_frames_that_cannot_be_read_are_refused(frame, message):
    with pytest.raises(MethodError, match=message):
        AHP(frame)
    with pytest.raises(MethodError):
        ahp_priorities(frame)


def test_a_function_on_arrays_refuses_what_only_codes_can_order():
    with pytest.raises(MethodError, match="ratios must be a matrix here, not a table of pairs"):
        pairwise_swing_weights(LABELLED["polars pairs"])
    ours, theirs = (pd.DataFrame(np.eye(2) + 1 - np.eye(2), columns=list(c)) for c in ("ab", "ax"))
    with pytest.raises(MethodError, match=r"(?s)labels of matrix 0: a, b.*matrix 1: a, x"):
        group_judgements([ours, theirs])
    with pytest.raises(MethodError, match=r"(?s)labels of matrix 0: a, b.*matrix 1: no labels"):
        group_judgements([ours, np.ones((2, 2))])
    with pytest.raises(MethodError, match=r"must be one matrix \(n, n\), got shape \(1, 3, 3\)"):
        revisions([ROWS])


@pytest.mark.parametrize(
    ("judgements", "message"),
    [
        ("judgements.csv", r"got 'judgements.csv' \(str\); read a file into a data frame first"),
        (Path("judgements.csv"), "read a file into a data frame first"),
        ({"a", "b"}, r"got \{.*\} \(set\); convert"),
        ((row for row in ROWS), r"\(generator\); convert"),
        (pd.Series([1, 2]), r"\(Series\); convert"),
        ([{"a": 1}], r"\(list\)"),
        ([[1, 3], np.array(2.0)], r"\(list\)"),
        ({"a": {"b": 3}}, "must have pairs as keys, such as .*:\n  - 'a'"),
        ({(0, 1): 3, ("a", "b", "c"): 2}, r"(?s)pairs as keys.*\(0, 1\).*\('a', 'b', 'c'\)"),
        ({frozenset("ab"): 3}, "pairs as keys"),
        ([["a", "b", 3], ["a", "c"]], r"(?s)rows of two codes and a number.*row 1: \['a', 'c'\]"),
        ([[1, 2], [1 / 2, 1], [1]], r"(?s)as many rows as columns; there are 3 rows.*row 0 has 2 cells.*row 2 has 1 cells"),
        ([[]], "row 0 has 0 cells"),
        (np.array([["2020"]], dtype="datetime64[ns]"), "must be a matrix"),
        ([np.array(["2020"], dtype="datetime64[ns]")], "a judgement must be a number above 0"),
        ([["a", "b", np.array(["2020"], dtype="datetime64[ns]")]], "a judgement must be a number"),
        ([["a", "b", Fraction(10) ** 400]], "a judgement must be a number"),
        ([["a", "b", Decimal("sNaN")]], "a judgement must be a number"),
        ([["a", "b", 1j]], "above 0, got 1j"),
        ([["a", "b", 5e-324]], r"\(a, b\): a judgement must have a finite reciprocal, got 5e-324"),
        ([["a", "b", np.array([2, np.inf])]], r"two numbers above 0, got \(2.0, inf\)"),
    ],
    ids=range(21),
)  # fmt: skip
def test_what_holds_no_judgements_is_refused_by_name(judgements, message):
    for scheme in (AHP, PairwiseSwing, lambda own: GroupAHP({"Ann": own})):
        with pytest.raises(MethodError, match=message):
            scheme(judgements)


# When the object is made


@pytest.mark.parametrize("value", [0, -3, NAN, float("inf")])
@pytest.mark.filterwarnings("error")
def test_judgements_that_are_no_ratios_fare_alike_everywhere(value):
    matrix = [[1, value, 2], [1 / value if value else 0, 1, 3], [1 / 2, 1 / 3, 1]]
    doors = [
        lambda: AHP(matrix),
        lambda: AHP([["a", "b", value], ["b", "c", 3], ["a", "c", 2]]),
        lambda: AHP(pl.DataFrame(matrix, schema=CODES, orient="row")),
        lambda: GroupAHP({"Ann": matrix}),
        lambda: PairwiseSwing(matrix),
        lambda: ahp_priorities(matrix),
        lambda: ahp_priorities([matrix, matrix]),
        lambda: group_judgements([matrix]),
        lambda: pairwise_swing_weights(matrix),
        lambda: revisions(matrix),
        lambda: sample_judgements(matrix, matrix, 2),
    ]
    for door in doors:
        if np.isnan(value):
            door()
        else:
            with pytest.raises(MethodError, match=r"above (0|zero)"):
                door()
    table = {"method": "AHP", "judgements": [["a", "b", value], ["a", "c", 2]]}
    if not np.isnan(value):
        with pytest.raises(
            ModelError, match=r"AHP: .*\(a, b\): a judgement must be a number above"
        ):
            read_choice("weighting", table)


def test_contradictions_are_errors_when_the_object_is_made():
    twice = [["a", "b", 3], ["b", "a", 3]]
    for scheme in (AHP, PairwiseSwing, lambda own: GroupAHP({"Ann": own})):
        with pytest.raises(
            InconsistentJudgementsError,
            match=r"agree wherever a pair is repeated.*(?s:.)*\(b, a\): judged 0.333333 and 3",
        ):
            scheme(twice)  # fmt: skip
    with pytest.raises(ModelError, match=r"judged 0.333333 and 3"):
        read_choice("weighting", {"method": "AHP", "judgements": twice})
    with pytest.raises(MethodError, match=r"\(0, 1\): 3, but \(1, 0\): 3"):
        AHP([[1, 3], [3, 1]])
    with pytest.raises(MethodError, match=r"Ann: .*(?s:.)*\(x, y\): 3, but \(y, x\): 3"):
        GroupAHP({"Ann": [[1, 3], [3, 1]]}, items=["x", "y"])
    with pytest.raises(MethodError, match=r"(?s)several experts.*Ann: .*Bob: "):
        GroupAHP({"Ann": [[1, 3], [3, 1]], "Bob": twice})
    with pytest.raises(InconsistentJudgementsError, match=r"(?s)several experts.*Ann: .*Bob: "):
        GroupAHP({"Ann": twice, "Bob": twice})
    with pytest.raises(
        MethodError, match=r"(?s)several experts.*judgements of Ann.*-1.*judgements of Bob.*got 0"
    ):
        GroupAHP({"Ann": [["a", "b", -1]], "Bob": [["a", "b", 0]]})  # fmt: skip
    with pytest.raises(MethodError, match=r"(?s)ratio of a swing to itself must be 1.*0: 5"):
        PairwiseSwing([[5, 3], [3, 1]])
    with pytest.raises(InconsistentJudgementsError, match="the best, is judged"):
        BestWorst({"a": 1, "b": 4}, {"a": 3, "b": 1})
    with pytest.raises(MethodError, match=r"(?s)allocate 100 points.*Ann: the points sum to 90"):
        BudgetAllocation({"Ann": {"a": 90}})


@pytest.mark.parametrize(
    ("door", "told"),
    [
        (lambda: AHP([["a", "b", 20]]), r"judgements beyond .* \(a, b\): 20"),
        (lambda: AHP([["a", "b", [1, 20]]]), r"\(a, b\): 1 to 20"),
        (lambda: AHP([[1, 20], [None, 1]]), r"\(0, 1\): 20"),
        (lambda: AHP([[1, 20], [None, 1]], items=["x", "y"]), r"\(x, y\): 20"),
        (lambda: AHP(pd.DataFrame([["a", "b", 20]])), r"\(a, b\): 20"),
        (lambda: GroupAHP({"Ann": [["a", "b", 20]], "Bob": [["a", "b", 2]]}), r"judgements of Ann beyond .* \(a, b\): 20"),
        (lambda: ahp_priorities([[1, 20], [NAN, 1]]), r"\(0, 1\): 20"),
        (lambda: group_judgements([[[1, 2], [1 / 2, 1]], [[1, 20], [1 / 20, 1]]]), r"judgements of expert 1 beyond .* \(0, 1\): 20"),
        (lambda: revisions([[1, 20], [1 / 20, 1]]), r"\(0, 1\): 20"),
        (lambda: sample_judgements([[1, NAN], [0.05, 1]], [[1, NAN], [0.05, 1]], 2), r"\(0, 1\): 20"),
        (lambda: read_choice("weighting", {"method": "AHP", "judgements": [["a", "b", 20]]}), r"\(a, b\): 20"),
    ],
    ids=range(11),
)  # fmt: skip
def test_values_beyond_the_scale_are_told_at_every_door(door, told):
    with pytest.warns(DLIWarning, match=told) as caught:
        door()
    assert len(caught) == 1


def test_the_warning_names_the_line_of_the_caller():
    for door in (lambda: AHP([["a", "b", 20]]), lambda: GroupAHP({"Ann": [["a", "b", 20]]})):
        with pytest.warns(DLIWarning) as caught:
            door()
        assert caught[0].filename == __file__


def test_a_group_tells_of_the_scale_once_when_it_weighs():
    with pytest.warns(DLIWarning):
        scheme = GroupAHP({"Ann": [["a", "b", 20]], "Bob": [["a", "b", 2]]})
    with pytest.warns(DLIWarning) as caught:
        scheme.weights(np.zeros((1, 2)), CHILDREN[:2])
    assert ["of Ann" in str(w.message) for w in caught] == [True]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheme.priorities("ab")
        scheme.sample_weights("ab", 3, rng=0)


def test_items_must_be_those_of_the_judgements():
    for items, message in (
        ("ab", "items must be a sequence of codes, got 'ab'"),
        (["a", "a"], "'a' appears twice"),
        (["a", 2], "2 is not text"),
        (["a", "b", "c"], "judgements on a, b, c must be 3 rows of 3, got 2 rows"),
    ):
        with pytest.raises(MethodError, match=message):
            AHP([[1, 2], [1 / 2, 1]], items=items)
        with pytest.raises(MethodError, match=message):
            GroupAHP({"Ann": [[1, 2], [1 / 2, 1]]}, items=items)
    with pytest.raises(MethodError, match=r"(?s)judgements must refer to a, x; unknown codes.*'b'"):
        AHP([["a", "b", 2]], items=["a", "x"])
    assert AHP([["a", "b", 2]], items={"a": 0, "b": 0, "c": 0}.keys()).codes == ("a", "b")


# Points by expert


@pytest.mark.parametrize(
    ("points", "experts"),
    [
        (pd.DataFrame([[60, 40], [100, None]], index=["Ann", "Bob"], columns=["b", "a"]), ["Ann", "Bob"]),
        (pl.DataFrame({"who": ["Ann", "Bob"], "b": [60, 100], "a": [40, None]}), ["Ann", "Bob"]),
        (pa.table({"b": [60, 100], "a": [40, None]}), ["expert 1", "expert 2"]),
    ],
    ids=["pandas", "polars", "pyarrow"],
)  # fmt: skip
def test_budgets_are_read_from_frames(points, experts):
    scheme = BudgetAllocation(points)
    assert list(scheme.points) == experts
    np.testing.assert_allclose(scheme.weights(np.zeros((1, 2)), CHILDREN[:2]), [0.2, 0.8])


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (pd.DataFrame({"who": ["Ann", "Ann"], "a": [100, 100]}), r"(?s)one row for each expert; repeated.*'Ann'"),
        (pd.DataFrame({"a": [100]}, index=[7]), "expert 7: the name is not text"),
        (pd.DataFrame({1: [100]}), r"(?s)points of expert 1 must have text as keys.*1 is not text"),
        (pd.DataFrame({"a": [100]}).iloc[:0], "at least one expert"),
        (pd.DataFrame([[50, 50]], columns=["a", "a"]), "points: column names must differ"),
        ({"Ann": {"a": -1}, "Bob": {"a": "x"}}, r"(?s)several experts.*Ann.*-1.*Bob.*'x'"),
        ({1: {"a": 100}}, "expert 1: the name is not text"),
    ],
    ids=range(7),
)  # fmt: skip
def test_budgets_that_cannot_be_read_are_refused(points, message):
    with pytest.raises(MethodError, match=message):
        BudgetAllocation(points)


# Wrong kinds everywhere


INDEX = Index("T", [Indicator("a", scale=(0, 5)), Indicator("b", scale=(0, 5))])
RATED = {"unit": ["X", "X"], "assessor": ["Ann", "Bob"], "a": [2, 3], "b": [1, None]}
JUDGED = [["a", "b", 2]]
MATRIX = [[1, 2], [0.5, 1]]
OPTIONS = {"method": "eigenvector", "limit": 0.1, "random_index": "saaty-1980", "strict": False, "completion": "harker"}  # fmt: skip
CALLS = [
    (AHP, {"judgements": JUDGED, "items": ["a", "b"], **OPTIONS}),
    (GroupAHP, {"experts": {"Ann": JUDGED}, "items": ["a", "b"], "expert_weights": {"Ann": 1}, "join": "judgements", **OPTIONS}),
    (ahp_priorities, {"matrix": MATRIX, **OPTIONS}),
    (revisions, {"matrix": MATRIX, "completion": "harker", "random_index": "saaty-1980"}),
    (group_judgements, {"matrices": [MATRIX], "expert_weights": [1]}),
    (group_priorities, {"priorities": [[0.5, 0.5]], "expert_weights": [1], "mean": "arithmetic"}),
    (group_consensus, {"priorities": [[0.5, 0.5]], "expert_weights": [1]}),
    (ahp_hierarchy, {"root": "T", "judgements": {"T": AHP(JUDGED)}}),
    (sample_judgements, {"low": MATRIX, "high": MATRIX, "n_samples": 2, "rng": 1}),
    (random_index, {"n": 3, "table": "saaty-1980"}),
    (geometric_threshold, {"n": 3}),
    (AHP(JUDGED).sample_weights, {"codes": ["a", "b"], "n_samples": 2, "rng": 1}),
    (AHP(JUDGED).judged_priorities, {"codes": ["a", "b"]}),
    (AHP(JUDGED).revisions, {"codes": ["a", "b"]}),
    (GroupAHP({"Ann": JUDGED}).sample_weights, {"codes": ["a", "b"], "n_samples": 2, "rng": 1}),
    (GroupAHP({"Ann": JUDGED}).priorities, {"codes": ["a", "b"]}),
    (GroupAHP({"Ann": JUDGED}).expert_priorities, {"codes": ["a", "b"]}),
    (point_weights, {"points": [1, 2]}),
    (budget_allocation_weights, {"points": [[60, 40]], "total": 100, "experts": ["Ann"]}),
    (pairwise_swing_weights, {"ratios": MATRIX, "names": ["a", "b"]}),
    (DirectPoints, {"by_code": {"a": 1}}),
    (Fixed, {"by_code": {"a": 1}}),
    (BudgetAllocation, {"points": [{"a": 100}], "total": 100}),
    (PairwiseSwing, {"ratios": JUDGED}),
    (best_worst_weights, {"best_to_others": [1, 2], "others_to_worst": [2, 1], "names": ["a", "b"]}),
    (BestWorst, {"best_to_others": {"a": 1, "b": 2}, "others_to_worst": {"a": 2, "b": 1}}),
    (BestWorst({"a": 1, "b": 2}, {"a": 2, "b": 1}).solution, {"codes": ["a", "b"]}),
    (rank_order_centroid_weights, {"ranks": [1, 2]}),
    (swara_weights, {"order": [0, 1], "steps": [0.1]}),
    (RankOrder, {"ranking": ["a", "b"], "rule": "sum"}),
    (Swara, {"order": ["a", "b"], "steps": [0.1]}),
    (equal_weights, {"n": 2}),
    (nested_weights, {"root": "T", "local": {"T": {"a": 1}}}),
    (krippendorff_alpha, {"ratings": [[1, 2], [1, 3]], "level": "ordinal"}),
    (join_ratings, {"ratings": [[1, 2], [1, 3]], "by": "mean", "weights": [1, 1]}),
    (gather, {"index": INDEX, "data": RATED, "unit": "unit", "assessor": "assessor", "by": "mean", "weights": {"Ann": 1}}),
    (gather(INDEX, RATED).agreement, {"level": "ordinal"}),
    (gather(INDEX, RATED).disagreements, {"apart": 1}),
]  # fmt: skip
WRONG = [
    True, "x", "3", b"x", None, [], {}, set(), object(), NAN, float("inf"), -1, 0, 10**400, 1j, int,
    Decimal("1.5"), date(2020, 1, 1), np.zeros((2, 3, 4)), np.array(3.0), np.array(["2020"], "M8[ns]"),
    np.ma.masked, pd.DataFrame({"a": ["x"]}), pl.Series([1, 2]), [[1, [2]], [3]], [None], [{}], {1: 2},
    {("a", "b"): "x"}, {"a": None},
]  # fmt: skip


@pytest.mark.parametrize(("call", "good"), CALLS, ids=[call.__qualname__ for call, _ in CALLS])
@pytest.mark.filterwarnings("ignore::dli.DLIWarning")
def test_wrong_kinds_are_refused_with_an_error_of_this_library(call, good):
    call(**good)
    for name in good:
        refused = 0
        for wrong in [*WRONG, (item for item in "a")]:
            try:
                call(**{**good, name: wrong})
            except DLIError as error:
                assert str(error)  # noqa: PT017 what is accepted does not raise
                refused += 1
        assert refused > len(WRONG) / 2, name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AHP(JUDGED, strict="no"), "strict must be True or False, got 'no'"),
        (lambda: GroupAHP({1: JUDGED}), r"(?s)experts must have text as keys.*1 is not text"),
        (lambda: GroupAHP({"Ann": JUDGED}, expert_weights={}), r"(?s)contain every expert.*'Ann'"),
        (lambda: group_priorities([0.5, 0.5]), r"shape \(n_experts, n\), got \(2,\)"),
        (lambda: group_consensus([[0.5, 0]]), r"(?s)above zero.*expert 0, item 1: 0"),
        (lambda: ahp_hierarchy(1, {"T": 3}), r"(?s)root must be text, got 1.*T: must be an AHP, got 3"),
        (lambda: ahp_hierarchy("T", [AHP(JUDGED)]), "judgements must be a mapping of codes to AHP"),
        (lambda: Fixed({1: 2}), r"(?s)weights must have text as keys.*1 is not text"),
        (lambda: budget_allocation_weights([[100]], experts=["Ann", "Bob"]), "2 codes, expected 1"),
        (lambda: pairwise_swing_weights([[3, 2], [1, 1]], names=["a", "b"]), r"(?s)to itself must be 1.*a: 3"),
        (lambda: RankOrder(["a", 2, ["b", 3]]), r"(?s)lists of codes that share a place.*place 2: 2.*place 3: \['b', 3\]"),
        (lambda: Swara(["a", "b"], "x"), "steps must be a sequence of numbers, got 'x'"),
        (lambda: equal_weights(2**40), "children to weigh must be at most 2147483648, got 1099511627776"),
        (lambda: nested_weights(1, {}), "root must be text, got 1"),
        (lambda: nested_weights("T", {"T": {"a": -1}}), r"(?s)weights in 'T' must be.*'a'.*got -1"),
        (lambda: gather("T", RATED), "index must be an Index, got 'T'"),
        (lambda: gather(INDEX, RATED, unit="unit", assessor="unit"), "must be two different columns, got 'unit' for both"),
        (lambda: gather(INDEX, RATED, weights=[1]), r"weights must be a mapping of assessors to numbers, got \[1\]"),
        (lambda: gather(INDEX, RATED).agreement(level="x"), "level must be one of nominal"),
    ],
    ids=range(19),
)  # fmt: skip
def test_wrong_kinds_are_named(call, message):
    with pytest.raises(MethodError, match=message):
        call()


def test_names_that_are_lists_are_refused():
    rated = {"unit": [["X"], "Y"], "assessor": ["Ann", "Bob"], "a": [2, 3], "b": [1, 2]}
    with pytest.raises(DLIError, match=r"row 0: \['X'\] is not a valid name"):
        gather(INDEX, rated)


def test_cells_that_nobody_rated_are_no_disagreement():
    rated = {"unit": ["X"], "assessor": ["Ann"], "a": [2], "b": [None]}
    for apart in (0, -1):
        assert list(gather(INDEX, rated).disagreements(apart=apart)["code"]) == ["a"]


def test_steps_may_be_an_array():
    assert Swara(["a", "b"], np.array([0.5])) == Swara(["a", "b"], [0.5])
