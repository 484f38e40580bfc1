"""The short way to the means of complete values gives what the long way gives, to the last bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dli import Assessment, DataError, Index, Indicator, Method, MethodError
from dli.aggregation import ArithmeticMean
from dli.normalisation import Unscaled
from dli.scoring import nodes
from dli.weighting import Equal, Fixed

CODES = tuple("abcde")
SIZES = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))


def _index(weights):
    own = [Indicator(code, weight=w) for code, w in zip(CODES, weights, strict=True)]
    return Index("T", [Index("A", own[:3], weight=2), Index("B", own[3:])])


def _data(values):
    columns = dict(zip(CODES, values.T, strict=True))
    return {"unit": [f"u{i}" for i in range(len(values))], **columns}


def _assess(index, values, *, is_short=True, **choices):
    method = Method(normalisation=Unscaled(), **choices)
    with pytest.MonkeyPatch.context() as patch:
        if not is_short:
            patch.setattr(nodes, "_plain_mean", lambda *_: None)
        return Assessment(index, _data(values), method=method)


@given(
    arrays(np.float64, (4, 5), elements=SIZES | st.just(float("nan"))),
    st.lists(st.floats(0.001, 1000), min_size=5, max_size=5),
    st.sampled_from([None, Equal(), Fixed(dict.fromkeys("abcdeAB", 0.1) | {"c": 0.7})]),
)
def test_scores_and_weights_are_those_of_the_long_way(values, weights, weighting):
    values[:, 0] = 1.0  # each unit has a value
    chosen = {} if weighting is None else {"weighting": weighting}
    index = _index(weights)
    short = _assess(index, values, **chosen)
    long = _assess(index, values, is_short=False, **chosen)
    for code in "TAB":
        assert short.array(code).tobytes() == long.array(code).tobytes()
        assert short.rank_array(code).tobytes() == long.rank_array(code).tobytes()
        assert short.weight_array(code).tobytes() == long.weight_array(code).tobytes()


def test_by_hand():
    values = np.array([[1.0, 2.0, 3.0, 4.0, 8.0], [3.0, 2.0, 1.0, 0.0, 0.0]])
    scores = _assess(_index([1, 1, 2, 1, 3]), values)
    assert scores.array("A").tolist() == [2.25, 1.75]
    assert scores.array("B").tolist() == [7.0, 0.0]
    assert scores.array("T").tolist() == pytest.approx([11.5 / 3, 3.5 / 3], abs=1e-15)


def test_a_gap_takes_the_long_way(monkeypatch):
    found = []
    short = nodes._plain_mean

    def spied(values, weights):
        found.append(short(values, weights))
        return found[-1]

    monkeypatch.setattr(nodes, "_plain_mean", spied)
    values = np.array([[1.0, np.nan, 3.0, 4.0, 8.0], [3.0, 2.0, 1.0, 0.0, 0.0]])
    assessment = Assessment(_index([1] * 5), _data(values), method=Method(normalisation=Unscaled()))
    assert [own is None for own in found] == [False, True, False]  # B, A, T
    assert assessment.array("A").tolist() == pytest.approx([2.0, 2.0], abs=1e-15)


def test_a_gap_without_weight_counts_as_a_gap():
    values = np.array([[1.0, np.nan, 3.0, 4.0, 8.0], [3.0, 2.0, 1.0, 0.0, 0.0]])
    index = _index([1, 0, 1, 1, 1])
    assert _assess(index, values).array("A").tolist() == [2.0, 2.0]
    strict = _assess(index, values, missing="propagate").array("A")
    assert np.isnan(strict).tolist() == [True, False]
    with pytest.raises(DataError, match=r"children of 'A' are missing, and the method"):
        _assess(index, values, missing="raise")


def test_weights_that_nearly_sum_to_one_are_scaled_as_before():
    class Nearly:
        def weights(self, values, children):
            return np.full(len(children), (1 + 1e-10) / len(children))

    values = np.array([[1.0, 1.0, 1.0, 4.0, 8.0], [3.0, 2.0, 1.0, 0.0, 0.0]])
    short, long = (
        _assess(_index([1] * 5), values, weighting=Nearly(), is_short=own) for own in (True, False)
    )
    assert short.array("A").tobytes() == long.array("A").tobytes()
    assert short.array("A")[0] == 1.0


def test_an_aggregation_that_is_derived_is_asked_itself():
    class Halved(ArithmeticMean):
        def aggregate(self, values, weights):
            return super().aggregate(values, weights) / 2

    values = np.array([[1.0, 2.0, 3.0, 4.0, 8.0], [3.0, 2.0, 1.0, 0.0, 0.0]])
    scores = _assess(_index([1] * 5), values, aggregation={"A": Halved(), "*": ArithmeticMean()})
    assert scores.array("A").tolist() == pytest.approx([1.0, 1.0], abs=1e-15)


def test_units_with_weights_of_their_own_are_asked_one_by_one():
    class Own:
        def weights(self, values, children):
            return np.eye(len(children))[[0, 1]]

    values = np.array([[1.0, 2.0, 3.0, 4.0, 8.0], [3.0, 2.0, 1.0, 0.0, 0.0]])
    assert _assess(_index([1] * 5), values, weighting=Own()).array("A").tolist() == [1.0, 2.0]


def test_declared_weights_of_zero_name_their_node():
    index = Index("T", [Index("A", [Indicator("a", weight=0), Indicator("b", weight=0)])])
    data = {"unit": ["X", "Y"], "a": [1, 2], "b": [2, 1]}
    with pytest.raises(MethodError, match=r"weighting of 'A' by Declared.*not all be 0") as caught:
        Assessment(index, data)
    assert caught.value.place == ("weighting", "A")
