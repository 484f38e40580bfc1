"""No parameter of a step, an indicator or an index fails on a wrong kind with a bare error."""

import inspect
from datetime import date
from decimal import Decimal

import attrs
import numpy as np
import pytest

from dli import Bands, Index, Indicator, Method, aggregation, imputation, normalisation, treatment
from dli.errors import DLIError
from dli.moments import kurtosis, skewness, skewness_and_kurtosis

pytestmark = pytest.mark.once

WRONG = [
    True,
    "x",
    "3",
    "",
    None,
    [],
    [1],
    {},
    {1},
    object(),
    float("nan"),
    float("inf"),
    float("-inf"),
    -1,
    0,
    10**400,
    1j,
    Decimal(1),
    date(2020, 1, 1),
    b"x",
    np.array([1, 2]),
    np.array(1),
    range(0),
    normalisation.MinMax,
    normalisation.MinMax(),
    lambda: 1,
    [[1], [2, 3]],
]

VALUES = np.array([[1.0, 5.0], [2.0, 3.0], [4.0, 9.0], [3.0, 1.0]])
# What required parameters get while another one is wrong.
RIGHT = {
    "values": VALUES,
    "weights": [0.5, 0.5],
    "moves": np.ones((4, 2)),
    "order_weights": [0.5, 0.5],
    "p": 1.0,
    "power": 0.5,
    "low": 10,
    "high": 90,
    "at": 5,
    "group": "region",
    "unit": 0,
    "normalisation": normalisation.MinMax(),
    "units": ["A"],
    "imputation": imputation.ColumnMean(),
    "estimates": [1.0, 2.0, 3.0],
    "context": imputation.Context(units=tuple("ABCD"), codes=("a", "b")),
    "code": "a",
    "children": [Indicator("b")],
    "thresholds": [1, 2],
    "names": ["low", "middle", "high"],
    "scores": [0.5],
    "alpha": [1.0, 2.0],
    "beta": [1.0, 2.0],
    "sigma": [1.0, 2.0],
}
# Parameters of the unobserved components, which may be right together while one alone is wrong.
SAME_LENGTH = {"alpha", "beta", "sigma"}
# Results and declarations that users do not make from raw input, and `impute`, which is called
# with what an assessment has checked.
RECORDS = {
    "Context",
    "ImputationAccuracy",
    "Pooled",
    "Traits",
    "TreatedColumn",
    "TreatedPoint",
    "TreatmentRecord",
    "UnobservedScores",
    "impute",
}


def _public():
    for module in (normalisation, treatment, imputation, aggregation):
        for name in module.__all__:
            item = getattr(module, name)
            if name not in RECORDS and not getattr(item, "_is_protocol", False):
                yield item
    yield from (Bands, Index, Indicator, Method, skewness, kurtosis, skewness_and_kurtosis)


def _parameters(item):
    """Return the parameters by name, those of ``__init__`` for a class."""
    parameters = inspect.signature(item.__init__ if inspect.isclass(item) else item).parameters
    return {name: p for name, p in parameters.items() if name != "self"}


PUBLIC = [item for item in _public() if attrs.has(item) or not inspect.isclass(item)]
CASES = [
    pytest.param(item, name, id=f"{item.__name__}-{name}")
    for item in PUBLIC
    for name in _parameters(item)
]


def _arguments(item):
    """Return arguments that work, for the parameters that need one."""
    needed = {name for name, p in _parameters(item).items() if p.default is p.empty}
    if item is normalisation.FittedOn:
        needed.add("units")
    if item is treatment.Clip:
        needed.add("low")
    if item is aggregation.unobserved_components:
        needed |= {"alpha", "beta", "sigma"}
    assert needed <= RIGHT.keys(), f"RIGHT needs a value of {needed - RIGHT.keys()}"
    return {name: RIGHT[name] for name in needed}


def _try(item, arguments):
    """Return the error of a call; a step that was made can also be shown and described."""
    try:
        result = item(**arguments)
        if attrs.has(type(result)):
            repr(result)
            getattr(result, "describe", str)()
    except DLIError as error:
        return error
    return None


@pytest.mark.parametrize("item", PUBLIC, ids=lambda item: item.__name__)
def test_right_arguments_are_accepted(item):
    assert _try(item, _arguments(item)) is None


@pytest.mark.parametrize(("item", "name"), CASES)
def test_a_wrong_kind_is_an_error_that_names_the_parameter(item, name):
    for value in WRONG:
        error = _try(item, {**_arguments(item), name: value})
        assert error is None or name.rstrip("s") in str(error), (value, str(error))


@pytest.mark.parametrize("item", PUBLIC, ids=lambda item: item.__name__)
def test_two_wrong_kinds_are_named_together(item):
    """Of two parameters that are refused alone, both are named when they are wrong together."""
    right = _arguments(item)
    names = list(_parameters(item))
    for value in WRONG:
        alone = [name for name in names if _try(item, {**right, name: value}) is not None]
        if _try(item, {**right, **dict.fromkeys(SAME_LENGTH & set(names), value)}) is None:
            alone = [name for name in alone if name not in SAME_LENGTH]
        error = _try(item, {**right, **dict.fromkeys(alone, value)})
        if attrs.has(item):
            assert all(name.rstrip("s") in str(error) for name in alone), (value, str(error))


@pytest.mark.parametrize(("item", "name"), CASES)
def test_a_generator_is_read_or_refused(item, name):
    error = _try(item, {**_arguments(item), name: (n for n in (1, 2))})
    assert error is None or name.rstrip("s") in str(error)
