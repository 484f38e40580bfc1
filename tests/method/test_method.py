import pytest

from dli.aggregation import ArithmeticMean, GeometricMean, HarmonicMean
from dli.errors import MethodError, UnknownCodeError
from dli.framework import Index, Indicator
from dli.imputation import ColumnMean
from dli.method import Method
from dli.normalisation import Goalposts, MinMax, ZScore
from dli.treatment import BoxCox, Log, LogPlus
from dli.weighting import Declared, Equal, Fixed

INDEX = Index("T", [Index("A", [Indicator("a1"), Indicator("a2")]), Indicator("b")])


def test_every_fault_of_a_method_is_listed():
    with pytest.raises(MethodError) as caught:
        Method(
            availability=2,
            coverage=True,
            missing="ignore",
            normalisation=MinMax,
            weighting={1.5: Equal()},
            aggregation={"T": 3},
            imputation=object(),
        )
    assert [fault.split()[0] for fault in caught.value.faults] == [
        "availability", "coverage", "missing", "imputation", "normalisation", "weighting:",
        "aggregation['T']",
    ]  # fmt: skip
    assert "write MinMax()" in str(caught.value)


def test_a_method_prints_what_departs_from_the_defaults():
    assert repr(Method()) == "Method()"
    assert repr(Method(coverage=0.5)) == "Method(coverage=0.5)"
    long = repr(
        Method(normalisation=ZScore(), weighting={"A": Equal()}, aggregation=GeometricMean())
    )
    assert long.splitlines()[0] == "Method("
    assert max(map(len, long.splitlines())) <= 80


def test_an_imputer_may_be_one_of_scikit_learns_kind():
    class Imputer:
        def fit_transform(self, values):
            """Never called here."""

    assert Method(imputation=Imputer()).imputation is not None


def test_codes_win_over_levels_and_defaults_hold_for_the_rest():
    method = Method(aggregation={"A": GeometricMean(), 0: HarmonicMean()})
    aggregation = method.resolve(INDEX).aggregation
    assert aggregation["T"] == HarmonicMean()
    assert aggregation["A"] == GeometricMean()
    assert Method(weighting={"A": Equal()}).resolve(INDEX).weighting["T"] == Declared()


def test_a_nodes_own_choice_wins_over_the_method():
    own = Index("T", [Indicator("a")], aggregation=GeometricMean())
    method = Method(aggregation={"T": ArithmeticMean()})
    assert method.resolve(own).aggregation["T"] == GeometricMean()


def test_the_nearest_code_above_an_indicator_wins():
    method = Method(treatment={"T": Log(), "A": LogPlus(), "a2": BoxCox(2.0), 1: Log()})
    groups = [(c, columns.tolist()) for c, columns in method.resolve(INDEX).treatment]
    assert groups == [(LogPlus(), [0]), (BoxCox(2.0), [1]), (Log(), [2])]


def test_a_normalisation_is_that_of_the_node_that_the_key_names():
    method = Method(
        normalisation={"T": ZScore(), "A": Goalposts(), "a2": MinMax(1, 2), 1: ZScore()}
    )
    groups = [(c, columns.tolist()) for c, columns in method.resolve(INDEX).normalisation]
    assert groups == [(MinMax(), [0]), (MinMax(1, 2), [1]), (ZScore(), [2])]
    assert method.resolve(INDEX).node_normalisation == {"T": ZScore(), "A": Goalposts()}
    by_level = Method(normalisation={1: ZScore()}).resolve(INDEX).normalisation
    assert [(type(c), columns.tolist()) for c, columns in by_level] == [
        (MinMax, [0, 1]),
        (ZScore, [2]),
    ]


def test_keys_that_name_nothing_are_refused():
    with pytest.raises(UnknownCodeError, match="no code or level for normalisation 'a3'"):
        Method(normalisation={"a3": ZScore()}).check(INDEX)
    with pytest.raises(UnknownCodeError, match="no sub-index or level for weighting 7"):
        Method(weighting={7: Equal()}).check(INDEX)
    # Level 2 has indicators alone, which have no children to weight.
    with pytest.raises(UnknownCodeError, match="no sub-index or level for weighting 2"):
        Method(weighting={2: Equal()}).check(INDEX)
    with pytest.raises(UnknownCodeError, match="no sub-index or level for aggregation 'b'"):
        Method(aggregation={"b": GeometricMean()}).check(INDEX)
    with pytest.raises(UnknownCodeError, match="no sub-index or level for coverage 'b'"):
        Method(coverage={"b": 0.5}).check(INDEX)


def test_coverage_of_a_part_must_be_a_share_too():
    with pytest.raises(MethodError, match=r"coverage\['A'\] must be a share from 0 to 1, got 2"):
        Method(coverage={"A": 2})


@pytest.mark.parametrize(
    "method",
    [
        Method(),
        Method(availability=0.5, missing="propagate", coverage=0.25),
        Method(
            normalisation=ZScore(50.0, 10.0), aggregation={0: GeometricMean(), "A": HarmonicMean()}
        ),
        Method(weighting=Fixed({"a": 0.5, "b": 0.5})),
        Method(imputation={"A": None}),
        Method(coverage={0: 1.0, "A": 0.5}),
    ],
    ids=lambda method: next(iter(method.to_dict()), "default"),
)
def test_a_method_survives_being_written_and_read(method):
    assert Method.from_dict(method.to_dict()) == method


def test_a_star_stands_for_what_no_other_key_names():
    method = Method(
        normalisation={"a2": MinMax(1, 2), "*": ZScore()},
        weighting={"A": Fixed({"a1": 1.0}), "*": Equal()},
        treatment={"A": Log(), "*": LogPlus()},
        coverage={"*": 0.5, "A": 1.0},
        decimals={"*": 2, "A": 0},
    )
    choices = method.resolve(INDEX)
    assert choices.weighting == {"T": Equal(), "A": Fixed({"a1": 1.0})}
    assert [type(choice) for choice, _ in choices.treatment] == [Log, LogPlus]
    assert {code: rule.share for code, rule in choices.coverage.items()} == {"T": 0.5, "A": 1.0}
    assert [(c.step, c.decimals) for c, _ in choices.normalisation] == [
        (ZScore(), 2), (MinMax(1, 2), 2)
    ]  # fmt: skip
    assert choices.node_normalisation == {}
    assert choices.aggregation["A"].decimals == 0
    refined = Method(normalisation=ZScore()).refine(INDEX, normalisation={"a2": MinMax()})
    assert refined.normalisation == {"*": ZScore(), "a2": MinMax()}
    filled = Method(node_imputation={"*": ColumnMean()}).resolve(INDEX)
    assert list(filled.node_imputation) == ["A"]
