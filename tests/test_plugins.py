"""Objects from outside: what they return and raise is told with step, class, node and indicators."""

import warnings
from concurrent.futures import Future

import attrs
import numpy as np
import pytest

from dli import Assessment, Index, Indicator, Method, frames
from dli.aggregation import ArithmeticMean
from dli.aggregation import protocol as aggregating
from dli.assessment.assessment import Changes
from dli.errors import DataError, DLIError, DLIWarning, MethodError, StudyError, UnknownCodeError
from dli.imputation import ColumnMean, Context, Latest, Linear, impute
from dli.method.method import MethodChanges
from dli.normalisation import FittedOn, Goalposts, MinMax
from dli.normalisation import protocol as normalising
from dli.periods import period_order, period_times
from dli.sensitivity import Draws
from dli.sensitivity.engine import in_order
from dli.steps import ask, named, numbers, on, shown
from dli.treatment.protocol import description_of
from dli.weighting import Equal, check_weighting

NAN = float("nan")
INDEX = Index("T", [Index("S", [Indicator("a"), Indicator("b")]), Indicator("c")])
DATA = {"unit": ["X", "Y", "Z"], "a": [1.0, None, 3.0], "b": [4.0, 5.0, 9.0], "c": [1.0, 2.0, 0.0]}
FULL = DATA | {"a": [1.0, 2.0, 3.0]}

ACTS = {
    "imputation": "impute",
    "treatment": "treat",
    "normalisation": "normalise",
    "weighting": "weights",
    "aggregation": "aggregate",
}


def outside(family, give):
    """Return an object of a family whose method gives what a function does of its first argument."""

    def method(self, first, second=None):
        return give(first)

    return type("Outside", (), {ACTS[family]: method})()


def assessed(family, give):
    return Assessment(INDEX, DATA, method=Method(**{family: outside(family, give)}))


def boom(error):
    def give(_):
        raise error

    return give


def without_a_cell(values):
    spoilt = np.array(values)
    spoilt[0, 0] = NAN
    return spoilt


def endless(values):
    spoilt = np.array(values)
    spoilt[0, 0] = np.inf
    return spoilt


TABLES = {
    "text": (lambda values: np.full(values.shape, "high"), "Outside.*its result must be numbers"),
    "nothing": (lambda _: None, "Outside"),
    "complex": (lambda values: values * 1j, "Outside"),
    "shape": (lambda values: values[1:], r"Outside must keep the shape \(3, 3\), got \(2, 3\)"),
    "infinite": (endless, "Outside.*infinite(.|\n)*'a'"),
    "missing": (without_a_cell, "Outside(.|\n)*'a'"),
}


@pytest.mark.parametrize("family", ["imputation", "treatment", "normalisation"])
@pytest.mark.parametrize("case", TABLES)
def test_tables_that_a_step_spoils_are_refused(family, case):
    give, message = TABLES[case]
    with pytest.raises(MethodError, match=f"{family} {message}"):
        assessed(family, give)


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (lambda v: ["half", "half"], "numbers"),
        (lambda v: None, "got shape|by Outside"),
        (lambda v: np.ones(5), r"got shape \(5,\)"),
        (lambda v: np.array([NAN, 1.0]), "nan, 1.0"),
        (lambda v: np.array([np.inf, 1.0]), "inf, 1.0"),
        (lambda v: np.array([-0.5, 1.5]), "at least 0"),
        (lambda v: np.array([0.5, 0.6]), "sum to one"),
    ],
)
def test_weights_that_are_none_are_refused(give, message):
    with pytest.raises(
        MethodError, match=f"weighting .*'S'.*{message}|weighting of 'S' by Outside"
    ):
        assessed("weighting", give)


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (lambda v: ["high"] * len(v), "its result must be numbers"),
        (lambda v: v, "one score for each of"),
        (lambda v: 5.0, r"got shape \(\)"),
        (lambda v: np.full(len(v), NAN), "[12] scores that are missing"),
        (lambda v: np.full(len(v), -np.inf), "missing or infinite"),
    ],
)
def test_scores_that_are_none_are_refused(give, message):
    with pytest.raises(MethodError, match=f"aggregation Outside of 'S'.*{message}"):
        assessed("aggregation", give)


@pytest.mark.parametrize("family", ACTS)
@pytest.mark.parametrize("error", [ZeroDivisionError("none left"), KeyError("x"), TypeError("odd")])
def test_what_a_step_raises_is_a_method_error_that_names_it(family, error):
    with pytest.raises(MethodError) as caught:
        assessed(family, boom(error))
    text = str(caught.value)
    assert caught.value.__cause__ is error
    assert family in text
    assert f"raised {type(error).__name__}: {error}" in text
    assert "Outside" in text
    # A row that misses one child is joined without it.
    assert ("; on 'b'" if family == "aggregation" else "; on 'a', 'b'") in text


@pytest.mark.parametrize("family", ACTS)
def test_errors_of_this_library_keep_their_class(family):
    class KindError(DataError):
        pass

    code = "b" if family == "aggregation" else "a"  # a row misses the first child
    with pytest.raises(KindError, match=f"cannot use '{code}'"):
        assessed(family, boom(KindError("cannot use column 0")))
    unknown = UnknownCodeError("region", ["N"], ["S"])
    with pytest.raises(UnknownCodeError) as caught:
        assessed(family, boom(unknown))
    assert caught.value is unknown


@pytest.mark.parametrize("family", ACTS)
def test_a_method_with_other_arguments_is_told_what_the_protocol_gives(family):
    wrong = type("Wrong", (), {ACTS[family]: lambda self: None})()
    with pytest.raises(MethodError, match=rf"cannot be called as {ACTS[family]}\(values"):
        Assessment(INDEX, DATA, method=Method(**{family: wrong}))


@pytest.mark.parametrize("family", ["treatment", "normalisation", "weighting", "aggregation"])
def test_a_step_cannot_change_its_input_unseen(family):
    def give(values):
        values[...] = 0.0

    with pytest.raises(MethodError, match=r"raised ValueError: .*read-only"):
        Assessment(INDEX, FULL, method=Method(**{family: outside(family, give)}))


def test_a_scheme_may_fill_the_same_array_again():
    buffer = np.array([0.5, 0.5])
    assessment = assessed("weighting", lambda _: buffer)
    buffer[:] = [1.0, 0.0]
    assert assessment.weight_array("S").tolist() == [0.5, 0.5]
    assert buffer.flags.writeable


def test_an_object_that_loses_its_method_is_told_what_it_needs():
    step = outside("treatment", lambda values: values)
    method = Method(treatment=step)
    del type(step).treat
    with pytest.raises(MethodError, match=r"treatment Outside requires a method treat\(values\)"):
        Assessment(INDEX, DATA, method=method)


# The mechanism


def test_warnings_that_were_made_errors_pass():
    def warn(_):
        warnings.warn("doubtful", DLIWarning, stacklevel=1)

    with pytest.raises(DLIWarning, match="doubtful"):
        assessed("treatment", warn)


def test_rows_and_columns_are_named_where_they_are_known():
    text = "column 1, row 0, column 7, row 9, 'column 0', 'row 0'"
    assert named(text, ["a", "b"], ["X"].__getitem__) == (
        "'b', X, column 7, row 9, 'column 0', 'row 0'"
    )
    assert named("row 0", ["a"]) == "row 0"
    assert on([]) == ""
    assert on([f"i{n}" for n in range(29)]).endswith("'i7', ... (29 in all)")


def test_a_function_without_a_signature_is_told_by_its_error():
    class Min:
        treat = min  # takes what it is given, and has no signature

    with pytest.raises(MethodError, match="X raised TypeError"):
        ask(Min(), "treat", 5, step="X")
    with pytest.raises(MethodError, match=r"X raised ValueError$"):
        ask(outside("treatment", boom(ValueError())), "treat", 5, step="X")
    assert ask(outside("treatment", list), "treat", (1, 2), step="X", read=numbers).tolist() == [
        1,
        2,
    ]


class Plain:
    """An object without a repr of its own."""

    def normalise(self, values, indicators):
        return values

    aggregate = ArithmeticMean().aggregate


def test_no_address_is_shown():
    class Fitting(Plain):
        def fit(self, values, indicators):
            return self

    class Broken:
        def __repr__(self):
            raise RuntimeError

    assert repr(Method(normalisation=Plain())) == "Method(normalisation=Plain)"
    nested = FittedOn(Fitting(), units=["X"])
    text = repr(Method(normalisation={"a": nested, "b": Plain(), 0: MinMax()}))
    assert " at 0x" not in text
    assert "Fitting" in text
    assert "Plain" in text
    assert shown({"f": test_no_address_is_shown}) == "{'f': test_no_address_is_shown}"
    assert shown(type("Local", (), {})()) == "Local"
    assert shown(Broken()) == "Broken"
    with pytest.raises(MethodError, match=r"got Plain$"):
        Method(weighting=Plain())


# What an object may have beside its method


def test_optional_methods_of_an_aggregation_are_checked():
    class Odd(Plain):
        def gradient(self, values, weights):
            return values[0]

        def directional(self, values, weights, moves):
            return values

        def fit(self, values):
            return 1 / 0

    values, weights = np.ones((3, 2)), np.array([0.5, 0.5])
    with pytest.raises(
        MethodError, match=r"Odd: gradient must return the shape \(3, 2\), got \(2,\)"
    ):
        aggregating.gradient(Odd(), values, weights)
    with pytest.raises(MethodError, match=r"Odd: directional must return the shape \(3,\)"):
        aggregating.directional(Odd(), values, weights, values)
    with pytest.raises(MethodError, match="aggregation Odd raised ZeroDivisionError"):
        aggregating.held(Odd(), values)


def test_optional_methods_of_a_normalisation_are_checked():
    class Odd(Plain):
        def normalise(self, values, indicators):
            return values[:, :1]

        def truncated(self, values, indicators):
            return ["yes"]

        def for_rows(self, units, periods):
            raise KeyError("X")

    values, indicators = np.ones((3, 2)), [Indicator("a"), Indicator("b")]
    with pytest.raises(MethodError, match=r"Odd: truncated must return True or False .*'a', 'b'"):
        normalising.truncated(Odd(), values, indicators)
    with pytest.raises(MethodError, match="normalisation Odd raised KeyError: 'X'"):
        Assessment(INDEX, FULL, method=Method(normalisation=Odd()))
    with pytest.raises(MethodError, match=r"Odd must keep the shape \(3, 2\), got \(3, 1\)"):
        normalising.goal_scores(Odd(), values, indicators, np.ones(2), 0)


def test_the_description_of_a_treatment_is_asked_like_all_else():
    class Odd:
        def describe(self):
            return 1 / 0

    with pytest.raises(MethodError, match="treatment Odd raised ZeroDivisionError"):
        description_of(Odd())


def test_a_scheme_that_raises_is_no_scheme():
    with pytest.raises(MethodError, match="weighting Outside raised KeyError: 'x'; on 'a', 'b'"):
        check_weighting(outside("weighting", boom(KeyError("x"))), [[1.0, 2.0], [3.0, 1.0]],
                        [Indicator("a"), Indicator("b")])  # fmt: skip

    def alone(values):
        return np.full(values.shape[1], 1 / values.shape[1]) if values.shape[1] > 1 else 1 // 0

    with pytest.raises(MethodError, match="with a single child, it raises ZeroDivisionError"):
        check_weighting(outside("weighting", alone), [[1.0, 2.0], [3.0, 1.0]],
                        [Indicator("a"), Indicator("b")])  # fmt: skip


# Spelling and keywords


def test_american_spellings_get_a_hint():
    with pytest.raises(MethodError, match="got 'renormalize'; did you mean 'renormalise'"):
        Method(missing="renormalize")
    for name in ("normalize", "normalization"):
        with pytest.raises(UnknownCodeError, match="did you mean 'normalisation'"):
            Method(**{name: MinMax()})
        with pytest.raises(UnknownCodeError, match="did you mean 'normalisation'"):
            Assessment(INDEX, FULL).evolve(**{name: MinMax()})
    american = type("American", (), {"normalize": None.__class__})()
    with pytest.raises(MethodError, match="it has a method normalize: name it normalise"):
        Method(normalisation=american)


def test_typed_keywords_are_the_fields():
    fields = [field.name for field in attrs.fields(Method)]
    assert list(MethodChanges.__annotations__) == fields
    assert set(Changes.__annotations__) == {*fields, "index", "method"}


def test_a_method_copies_its_mappings():
    choices = {"S": Equal()}
    method = Method(weighting=choices)
    choices["T"] = None
    assert method.weighting == {"S": Equal()}


# Rows that an imputation over time can fill

PANEL = {
    "unit": ["A", "A", "A", "B", "B", "B"],
    "year": [2019, 2020, 2021] * 2,
    "a": [1.0, None, 3.0, 0.0, 5.0, 10.0],
    "b": [2.0, None, 8.0, 0.0, 5.0, 10.0],
}
PAIR = Index("T", [Indicator("a", goalposts=(0, 10)), Indicator("b", goalposts=(0, 10))])


def panel(data=PANEL, **choices):
    method = Method(normalisation=Goalposts(), **choices)
    return Assessment(PAIR, data, period="year", method=method)


@pytest.mark.parametrize("availability", [0.0, 0.5, 1.0])
def test_an_empty_row_is_filled_from_other_periods(availability):
    filled = panel(imputation=Linear(), availability=availability)
    row = filled.row("A", period=2020)
    assert filled.array("T")[row] == pytest.approx(35.0)  # 2 and 5 of 10
    assert filled.stage_array("imputed")[row].tolist() == [2, 5]
    assert np.isnan(filled.stage_array("raw")[row]).all()
    flags = frames.read(filled.flags)
    assert flags.column("flag") == ["imputed", "imputed", "low coverage"]
    assert flags.column("code") == ["a", "b", "T"]
    counts = frames.read(filled.filled())
    assert counts.column("imputed") == [0, 2, 0, 0, 0, 0]
    assert counts.column("missing") == [0] * 6


def test_the_latest_value_fills_an_empty_row_too_but_not_one_before_all_values():
    data = PANEL | {"a": [None, None, 3.0, 0.0, 5.0, 10.0], "b": [None, None, 8.0, 0.0, 5.0, 10.0]}
    assert panel(imputation=Latest(backfill=True)).array("T").tolist()[1] == 15
    with pytest.raises(DataError) as caught:
        panel(data, imputation=Latest())
    assert caught.value.faults == ("unit 'A', period 2019", "unit 'A', period 2020")
    assert "Linear()" not in str(caught.value)
    left = panel(data, imputation=Latest(), availability=0.1)
    assert next(zip(left.units, left.periods, strict=True)) == ("A", 2021)
    assert frames.read(left.flags).column("flag") == ["left out", "left out"]


def test_the_error_of_an_empty_row_names_the_imputation_that_fills_it():
    with pytest.raises(DataError, match=r"other periods by an imputation such as Linear\(\), drop"):
        panel()
    with pytest.raises(DataError, match=r"indicator \(drop the rows"):
        Assessment(PAIR, {"unit": ["A", "B"], "a": [1.0, None], "b": [1.0, None]})


def test_availability_counts_raw_values_unless_an_imputation_is_over_time():
    data = PANEL | {"a": [1.0, 2.0, 3.0, 0.0, 5.0, 10.0]}
    assert len(panel(data, availability=0.9).units) == 5
    assert len(panel(data, availability=0.9, imputation=ColumnMean()).units) == 5
    assert len(panel(data, availability=0.9, imputation=Linear()).units) == 6


def test_other_imputations_see_the_rows_that_are_kept():
    seen = []

    class Fill:
        def impute(self, values, context):
            seen.append(context.units)
            return np.nan_to_num(values, nan=7.0)

    data = PANEL | {"b": [2.0, None, None, None, None, None],
                    "a": [1.0, None, 3.0, None, 5.0, 10.0]}  # fmt: skip
    mixed = panel(data, imputation={"a": Linear(), "b": Fill()}, availability=0.5)
    assert seen == [("A", "A", "A", "B", "B", "B")]
    assert mixed.stage_array("imputed").tolist() == [
        [1, 2],
        [2, 7],
        [3, 7],
        [5, 7],
        [5, 7],
        [10, 7],
    ]
    seen.clear()
    panel(data, imputation={"a": Latest(), "b": Fill()}, availability=0.5)
    assert seen == [("A", "A", "A", "B", "B")]  # nothing earlier fills the first row of B


def test_values_without_a_denominator_still_count_as_measured():
    index = Index("T", [Indicator("a", denominator="people"), Indicator("b")])
    data = PANEL | {"a": [1.0, 2.0, 3.0, 0.0, 5.0, 10.0], "people": [1.0, None, 2.0, 1.0, 1.0, 1.0]}
    for imputation in (None, Linear()):
        method = Method(availability=0.5, imputation=imputation)
        assert len(Assessment(index, data, period="year", method=method).units) == 6
    assert (
        Assessment(index, data, period="year", method=method).stage_array("imputed")[1, 0] == 1.25
    )


# Periods as times


@pytest.mark.parametrize(
    ("periods", "expected"),
    [
        ([2019, 2021.5], [2019, 2021.5]),
        (["9", "10"], [9, 10]),
        (["2021-03-01", "2020-02-28"], [18687, 18320]),
        (["2020-12", "2021M02"], [24252, 24254]),
        (["2020-Q4", "2021-Q2"], [8084, 8086]),
        (["2020-S2", "2021-S1"], [4042, 4043]),
        (["2019/20", "2021/22"], [2019, 2021]),
        ([np.datetime64("1970-01-02"), np.datetime64("1970-01-03T12")], [1, 2.5]),
        ([], []),
        (["1970-01-05", "1970-01-05"], [4, 4]),
    ],
)
def test_periods_have_places_in_time(periods, expected):
    assert period_times(periods).tolist() == expected


def test_weeks_follow_one_another_over_the_turn_of_the_year():
    weeks = ["2019-W52", "2020-W01", "2020-W53", "2021-W01"]
    assert np.diff(period_times(weeks)).tolist() == [1, 52, 1]
    assert period_order(weeks[::-1]) == weeks


def test_lines_are_drawn_in_the_time_of_dates_and_quarters():
    values = np.array([[0.0], [NAN], [10.0]])

    def filled(periods):
        return impute(Linear(), values, Context(units=("A",) * 3, codes=("x",), periods=periods))[
            1, 0
        ]

    assert filled(("2020-Q4", "2021-Q1", "2021-Q4")) == 2.5
    assert filled(("2021-01-01", "2021-01-02", "2021-01-11")) == 1
    assert filled(("9", "10", "19")) == 1
    with pytest.raises(DataError, match="ambiguous"):
        filled(("spring", "summer", "autumn"))


def test_an_imputation_names_the_period_of_what_it_changes():
    context = Context(units=("A", "A"), codes=("x",), periods=(2020, 2021))
    step = outside("imputation", lambda values: values * 0 + 1)
    with pytest.raises(MethodError) as caught:
        impute(step, np.array([[3.0], [NAN]]), context)
    assert caught.value.faults == ("unit 'A', period 2020, 'x': 3 became 1",)


# Draws of a study, and executors


def draws(n=2):
    return Draws(Assessment(INDEX, FULL), n)


@pytest.mark.parametrize("options", [[0], [0.0, 1.0], [-1, 0], ["a", "b"]])
def test_options_must_be_numbers_of_options(options):
    with pytest.raises(MethodError, match="options of missing must be 2 whole numbers of at least"):
        draws().choose("missing", options)


def test_options_must_be_there():
    some = draws()
    some.choose("missing", np.array([0, 2], dtype=np.int8))
    with pytest.raises(MethodError, match="choose one of 0 to 1"):
        some.combinations(["missing"], [2])
    with pytest.raises(MethodError, match="an input with 2 options of weighting must choose"):
        some.combinations(["weighting"], [2])
    assert some.combinations(["missing"], [3]).tolist() == [0, 2]


def test_factors_and_weights_must_be_numbers_of_one_shape():
    some = draws()
    with pytest.raises(MethodError, match="factors of 'a' must be numbers"):
        some.scale("a", ["x", "y"])
    with pytest.raises(MethodError, match="weights of the children of 'S' must be numbers"):
        some.set_weights("S", [["x"]])
    some.scale_children("S", np.ones((2, 2)))
    with pytest.raises(MethodError, match=r"must have the shape \(2, 2\), got \(2, 3\)"):
        some.scale_children("S", np.ones((2, 3)))
    some.scale_children("S", -np.ones((2, 2)))
    with pytest.raises(MethodError, match=r"^input Plain: weights of the children of 'S'"):
        some.require_weights(Plain())


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        (lambda values, draw: values[1:], r"must keep the shape \(3, 3\), got \(2, 3\)"),
        (lambda values, draw: "x", "noise"),
        (lambda values, draw: endless(values), "(?s)return finite.*'a': 1 missing or infinite"),
        (lambda values, draw: without_a_cell(values), "'a': 1 missing or infinite"),
        (lambda values: values, r"cannot be called as noise\(values, draw\)"),
        (lambda values, draw: 1 / 0, "noise raised ZeroDivisionError"),
    ],
)
def test_noise_is_checked(noise, message):
    some = draws()
    some.perturb(noise)
    with pytest.raises(MethodError, match=message):
        some.noises[0](np.ones((3, 3)), 0)


def test_good_noise_passes():
    some = draws()
    some.perturb(lambda values, draw: values + draw)
    assert some.noises[0](np.array([[1.0, NAN, 2.0]]), 1)[0, 2] == 3


class Pool:
    """An executor that does what it is told."""

    def __init__(self, act):
        self.act = act

    def submit(self, work, task):
        return self.act(work, task)


def done(work, task):
    future = Future()
    future.set_result(work(task))
    return future


def test_executors_are_checked():
    assert list(in_order(len, [[1], [2, 3]], executor=Pool(done))) == [1, 2]
    with pytest.raises(
        MethodError, match=r"must have the method submit, got .*Pool.*: write Pool\(\)"
    ):
        list(in_order(len, [[1]], executor=Pool))
    with pytest.raises(MethodError, match=r"must have the method submit, got Plain$"):
        list(in_order(len, [[1]], executor=Plain()))
    with pytest.raises(MethodError, match=r"executor Pool: submit must return a future .*got 1"):
        list(in_order(len, [[1]], executor=Pool(lambda work, task: work(task))))
    with pytest.raises(MethodError, match="executor Pool raised KeyError"):
        list(in_order(len, [[1]], executor=Pool(lambda work, task: {}[1])))
    with pytest.raises(StudyError, match="accepts no more work"):
        list(in_order(len, [[1]], executor=Pool(lambda *_: boom(RuntimeError("shut down"))(0))))
    short = type("Short", (), {"submit": lambda self: None})()
    with pytest.raises(
        MethodError, match=r"executor Short cannot be called as submit\(work, task\)"
    ):
        list(in_order(len, [[1]], executor=short))


def test_an_executor_may_say_how_many_workers_it_has():
    pool = Pool(done)
    for pool._max_workers in (2, "many", None):
        assert list(in_order(len, [[1]] * 20, executor=pool)) == [1] * 20


def test_every_error_above_is_one_of_this_library():
    assert issubclass(MethodError, DLIError)
