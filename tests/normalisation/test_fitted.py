import numpy as np
import pytest

from dli import Assessment, Index, Indicator, Method
from dli.errors import MethodError, UnknownCodeError
from dli.normalisation import DistanceToReference, FittedOn, MinMax, Rank, ZScore

INDEX = Index("T", [Indicator("a")])
DATA = {"unit": list("XYXY"), "year": [1, 1, 2, 2], "a": [0.0, 10.0, 5.0, 20.0]}


def _scores(normalisation, **changes):
    method = Method(normalisation=normalisation)
    return Assessment(INDEX, DATA | changes, period="year", method=method).array("T").tolist()


def test_the_scale_of_a_base_period_stays_where_it_is():
    assert _scores(FittedOn(MinMax(), periods=[1])) == [0, 100, 50, 200]
    later = _scores(FittedOn(MinMax(), periods=[1]), a=[0.0, 10.0, 5.0, 40.0])
    assert later[:3] == [0, 100, 50]


def test_some_units_may_set_the_scale():
    assert _scores(FittedOn(MinMax(), units=["X"])) == [0, 200, 100, 400]
    mean, sd = 5.0, np.sqrt(50)
    found = _scores(FittedOn(ZScore(), units=["X", "Y"], periods=1))
    np.testing.assert_allclose(found, (np.array(DATA["a"]) - mean) / sd)


def test_a_reference_unit_is_taken_from_the_base_period():
    assert _scores(FittedOn(DistanceToReference("Y"), periods=[1])) == [0, 1, 0.5, 2]


def test_a_base_without_periods_is_one_of_units():
    single = {"unit": ["X", "Y"], "a": [2.0, 4.0]}
    method = Method(normalisation=FittedOn(MinMax(), units=["X", "Y"]))
    assert Assessment(INDEX, single, method=method).array("T").tolist() == [0, 100]


def test_it_survives_being_written_and_read():
    method = Method(normalisation=FittedOn(MinMax(0, 1), periods=[2020]))
    assert Method.from_dict(method.to_dict()) == method
    assert "The parameters are those of periods 2020." in method.normalisation.describe()


def test_bases_that_are_not_there_are_refused():
    with pytest.raises(UnknownCodeError, match="no period to fit on 3"):
        _scores(FittedOn(MinMax(), periods=[3]))
    with pytest.raises(UnknownCodeError, match="no unit to fit on 'Z'"):
        _scores(FittedOn(MinMax(), units="Z"))
    with pytest.raises(MethodError, match=r"can be fitted, got Rank\(ties='min', "):
        FittedOn(Rank(), periods=[1])
    with pytest.raises(MethodError, match="needs units or periods to fit on, got neither"):
        FittedOn(MinMax())
    with pytest.raises(MethodError, match="must know the units of the rows"):
        FittedOn(MinMax(), periods=[1]).normalise(np.ones((2, 1)), INDEX.indicators)
