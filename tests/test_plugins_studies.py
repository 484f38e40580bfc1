"""Objects from outside in studies and statements."""

import numpy as np
import pytest

from dli import Assessment, Index, Indicator, Method
from dli.errors import MethodError
from dli.imputation import ColumnMean, Linear
from dli.normalisation import Goalposts, MinMax
from dli.sensitivity import Alternatives, uncertainty

INDEX = Index("T", [Indicator("a", goalposts=(0, 10)), Indicator("b", goalposts=(0, 10))])
DATA = {"unit": ["X", "Y", "Z"], "a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 9.0]}
PANEL = {
    "unit": ["A", "A", "A", "B", "B", "B"],
    "year": [2019, 2020, 2021] * 2,
    "a": [1.0, None, 3.0, 0.0, 5.0, 10.0],
    "b": [2.0, None, 8.0, 0.0, 5.0, 10.0],
}


class Plain:
    """A normalisation without a repr."""

    def normalise(self, values, indicators):
        return values / 10


class Odd(Plain):
    def describe(self):
        return 1 / 0


class Varies:
    """An input that does what it is told."""

    def __init__(self, names=("x",), act=lambda draws: None):
        self.names, self.act = names, act

    def factors(self, assessment):
        return self.names if not callable(self.names) else self.names()

    def apply(self, uniforms, draws):
        self.act(draws)


def study(own):
    return uncertainty(Assessment(INDEX, DATA), [own], n_samples=5, rng=1)


def test_statements_and_studies_show_no_address():
    assessment = Assessment(INDEX, DATA, method=Method(normalisation=Plain()))
    assert "`Plain`: A normalisation without a repr." in assessment.methodology()
    options = Alternatives("normalisation", [Plain(), MinMax(0, 1)])
    found = uncertainty(Assessment(INDEX, DATA), [options], n_samples=8, rng=1).inputs()
    assert " at 0x" not in str(found)
    odd = Assessment(INDEX, DATA, method=Method(normalisation=Odd()))
    with pytest.raises(MethodError, match="description of Odd raised ZeroDivisionError"):
        odd.methodology()


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (Varies(lambda: 1 / 0), "input Varies raised ZeroDivisionError"),
        (Varies(5), r"factors of input Varies must be names, got \[5\]"),
        (Varies("one"), "factors of input Varies must be a list of names"),
        (Varies(act=lambda draws: {}["x"]), "input Varies raised KeyError"),
        (Varies(act=lambda draws: draws.scale("a", [-1.0] * draws.n_draws)), "a number below 0"),
        (Varies(act=lambda draws: draws.scale("a", [np.nan] * draws.n_draws)), "missing one"),
        (Varies(act=lambda draws: draws.scale("a", [np.inf] * draws.n_draws)), "infinite"),
    ],
    ids=["raises", "number", "text", "apply", "negative", "missing", "infinite"],
)
def test_inputs_from_outside_are_checked(own, message):
    with pytest.raises(MethodError, match=message):
        study(own)


def test_options_must_keep_the_rows():
    method = Method(normalisation=Goalposts(), imputation=Linear(), availability=0.5)
    panel = Assessment(INDEX, PANEL, period="year", method=method)
    options = Alternatives("imputation", [Linear(), ColumnMean()])
    with pytest.raises(MethodError, match=r"imputation=ColumnMean\(\): it keeps other rows"):
        uncertainty(panel, [options], n_samples=5, rng=1)


def test_the_statement_says_what_counts_for_availability():
    method = Method(normalisation=Goalposts(), imputation=Linear(), availability=0.5)
    panel = Assessment(INDEX, PANEL, period="year", method=method)
    assert (
        "left out: 0 of 6. Values imputed from other periods count as values."
        in panel.methodology()
    )
    for imputation in (None, ColumnMean()):
        raw = panel.evolve(imputation=imputation).methodology()
        assert "left out: 1 of 6." in raw
        assert "other periods count" not in raw
