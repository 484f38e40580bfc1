"""Objects from outside that keep, change or withhold what they were given; the ends of floats."""

import re
from concurrent.futures import Future

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dli import Assessment, Index, Indicator, Method, Observations
from dli.aggregation import ArithmeticMean, GeometricMean, Minimum
from dli.errors import DataError, MethodError, UnknownCodeError
from dli.imputation import ColumnMean
from dli.normalisation import Goalposts, MinMax
from dli.scoring.denominators import denominated
from dli.sensitivity import Alternatives, Draws, WeightNoise, shapley, sobol, uncertainty
from dli.sensitivity.engine import in_order
from dli.steps import Together, ask, attribute
from dli.weighting import Equal, Fixed
from dli.weighting.protocol import Traits

NAN = float("nan")
INDEX = Index(
    "T",
    [
        Index("A", [Indicator("a", goalposts=(0, 10)), Indicator("b", goalposts=(0, 10))]),
        Index("B", [Indicator("c", goalposts=(0, 10)), Indicator("d", goalposts=(0, 10))]),
    ],
)
DATA = {
    "unit": ["X", "Y", "Z"],
    "a": [1.0, 2.0, 3.0],
    "b": [4.0, 5.0, 9.0],
    "c": [1.0, 2.0, 0.0],
    "d": [7.0, 1.0, 3.0],
}
GAPS = DATA | {"a": [NAN, 2.0, 3.0]}
STUDIES = {
    "uncertainty": lambda inputs, **how: uncertainty(
        Assessment(INDEX, DATA), inputs, n_samples=8, rng=1, **how
    ),
    "sobol": lambda inputs, **how: sobol(
        Assessment(INDEX, DATA), inputs, n_samples=8, rng=1, **how
    ),
    "shapley": lambda inputs, **how: shapley(
        Assessment(INDEX, DATA), inputs, n_permutations=4, rng=1, **how
    ),
}


def assess(data=DATA, **choices):
    return Assessment(INDEX, data, method=Method(**{"normalisation": Goalposts(), **choices}))


# Results of objects from outside are copied


class Buffered:
    """Give the same array again and again, filled anew."""

    def __init__(self):
        self.out = None

    def _give(self, values):
        if self.out is None:
            self.out = np.empty(values.shape)
        self.out[:] = values
        return self.out

    def aggregate(self, values, weights):
        return self._give(values @ weights)

    def weights(self, values, children):
        return self._give(values[1] / values[1].sum())

    def treat(self, values):
        return self._give(values)

    def normalise(self, values, indicators):
        return self._give(values * 2)

    def impute(self, values, context):
        return self._give(np.where(np.isnan(values), 5.0, values))


def test_an_aggregation_may_give_the_same_array_for_every_node():
    buffered = Buffered()
    method = Method(normalisation=Goalposts(), aggregation=buffered)
    data = {"unit": ["X", "Y"], "a": [1.0, 2.0], "b": [3.0, 8.0]}
    index = Index(
        "T",
        [
            Index("A", [Indicator("a", goalposts=(0, 10))]),
            Index("B", [Indicator("b", goalposts=(0, 10))]),
        ],
    )
    first = Assessment(index, data, method=method)
    assert first.array("A").tolist() == [10, 20]
    assert first.array("B").tolist() == [30, 80]
    assert first.array("T").tolist() == [20, 50]
    second = Assessment(index, data | {"a": [5.0, 6.0]}, method=method)
    assert second.array("A").tolist() == [50, 60]
    assert first.array("A").tolist() == [10, 20]
    assert not first.array("T").flags.writeable


@pytest.mark.parametrize("family", ["imputation", "treatment", "normalisation", "weighting"])
def test_every_step_may_give_the_same_array_again(family):
    buffered = Buffered()
    first = assess(GAPS, **{family: buffered})
    stages = [first.stage_array(name).copy() for name in ("imputed", "treated", "normalised")]
    scores, weights = first.array("T").copy(), first.weight_array("A").copy()
    assess({**DATA, "a": [9.0, 9.0, NAN]}, **{family: buffered})
    assert buffered.out.flags.writeable
    for name, before in zip(("imputed", "treated", "normalised"), stages, strict=True):
        np.testing.assert_array_equal(first.stage_array(name), before)
    np.testing.assert_array_equal(first.array("T"), scores)
    np.testing.assert_array_equal(first.weight_array("A"), weights)


def test_weights_of_units_within_periods_are_kept_and_read_only():
    class Own:
        traits = Traits(per_unit=True)

        def __init__(self):
            self.out = np.empty((2, 2))

        def weights(self, values, children):
            self.out[:] = values / values.sum(axis=1, keepdims=True)
            return self.out

    codes = {code: [1.0, 2.0, 3.0, 4.0] for code in "abcd"} | {"a": [3.0, 2.0, 1.0, 4.0]}
    panel = {"unit": ["X", "Y"] * 2, "year": [1, 1, 2, 2], **codes}
    method = Method(normalisation=Goalposts(), weighting={"A": Own()})
    found = Assessment(INDEX, panel, period="year", method=method).weight_array("A")
    np.testing.assert_allclose(found[:, 0], [0.75, 0.5, 0.25, 0.5])
    assert not found.flags.writeable


def test_noise_may_fill_the_same_array_in_every_draw():
    class Noisy:
        out = np.empty((3, 4))

        def factors(self, assessment):
            return ["noise"]

        def apply(self, uniforms, draws):
            draws.perturb(self.noise)

        def noise(self, values, draw):
            self.out[:] = values + draw
            return self.out

    assessment = assess()
    study = uncertainty(assessment, [Noisy()], n_samples=2, rng=1)
    expected = np.add(assessment.array("T"), [[0], [10]])
    np.testing.assert_allclose(study.scores(0, 2), expected)


def test_an_input_may_set_the_weights_of_two_nodes_from_one_array():
    draws = Draws(assess(), 1)
    out = np.array([[1.0], [3.0]])
    draws.set_weights("A", out)
    draws.scale_children("T", out)
    out[:] = [[1.0], [1.0]]
    draws.set_weights("B", out)
    assert draws.local_weights("a").tolist() == [0.25]
    assert draws.local_weights("A").tolist() == [0.25]
    assert draws.local_weights("c").tolist() == [0.5]


# Arrays that are passed to objects from outside cannot be changed


def spoil(values):
    values[0, 0] = NAN
    return values


def fill(values):
    values[np.isnan(values)] = 0.0
    return values


class Changing:
    def __init__(self, act):
        self.act = act

    def treat(self, values):
        return self.act(values)

    def normalise(self, values, indicators):
        return self.act(values)

    def weights(self, values, children):
        self.act(values)
        return np.full(2, 0.5)

    def aggregate(self, values, weights):
        return self.act(values) @ weights


@pytest.mark.parametrize("where", [None, "A", 2])
@pytest.mark.parametrize("act", [spoil, fill])
@pytest.mark.parametrize("family", ["treatment", "normalisation", "weighting", "aggregation"])
def test_no_step_changes_its_input(family, act, where):
    if where is not None:
        where = {"A": "A", 2: 1 if family in ("weighting", "aggregation") else 2}[where]
    step = Changing(act)
    choice = step if where is None else {where: step}
    message = (
        rf"{family} .*Changing.* raised ValueError: .*read-only \(it must not change its input"
    )
    with pytest.raises(MethodError, match=message):
        assess(GAPS, **{family: choice})


@pytest.mark.parametrize("other", [0.0, np.inf])
@pytest.mark.parametrize("family", ["treatment", "normalisation"])
def test_a_step_fills_no_gap(family, other):
    step = Changing(lambda values: np.where(np.isnan(values), other, values))
    message = f"{family} Changing returned values that are not missing where there were none"
    with pytest.raises(MethodError, match=message) as caught:
        assess(GAPS, **{family: step})
    assert caught.value.faults == ("'a': 1 of them",)


def test_an_aggregation_called_by_period_and_by_gaps_changes_nothing():
    panel = {
        "unit": ["X", "Y"] * 2,
        "year": [1, 1, 2, 2],
        **{code: [1.0, NAN, 3.0, 4.0] for code in "abcd"},
        "b": [1.0, 2.0, 3.0, 4.0],
        "d": [1.0, 2.0, 3.0, 4.0],
    }
    method = Method(normalisation=Goalposts(), aggregation=Changing(spoil))
    with pytest.raises(MethodError, match="read-only"):
        Assessment(INDEX, panel, period="year", method=method)

    def spoil_weights(values, weights):
        weights[:] = 1.0
        return values @ weights

    step = type("Step", (), {"aggregate": lambda self, v, w: spoil_weights(v, w)})()
    method = Method(normalisation=Goalposts(), aggregation=step)
    with pytest.raises(MethodError, match="read-only"):
        Assessment(INDEX, panel, period="year", method=method)


def test_an_imputation_may_fill_the_copy_that_it_gets():
    class Zero:
        def impute(self, values, context):
            return fill(values)

    found = assess(GAPS, imputation=Zero())
    assert found.stage_array("imputed")[0, 0] == 0
    assert np.isnan(found.stage_array("raw")[0, 0])


def test_noise_and_inputs_cannot_change_what_they_get():
    draws = Draws(assess(), 1)
    draws.perturb(lambda values, draw: spoil(values))
    values = np.ones((3, 4))
    with pytest.raises(MethodError, match=r"noise raised ValueError.*read-only"):
        draws.noises[0](values, 0)
    assert (values == 1).all()
    with pytest.raises(MethodError, match=r"input Varies raised ValueError.*read-only"):
        STUDIES["sobol"]([Varies(apply=lambda uniforms, _: spoil(uniforms))])


# Values per head


HEADS = Index("T", [Indicator("a", denominator="p", denominator_factor=1e300), Indicator("b")])


def heads(a, p, index=HEADS):
    data = {"unit": ["X", "Y"], "a": a, "b": [1.0, 2.0], "p": p}
    read = Observations.read(data, index)
    names = [f"unit {unit!r}" for unit in read.units]
    return denominated(read.values, read, index.indicators, names.__getitem__)[:, 0]


def test_values_per_head_do_not_lose_what_the_factor_gives_back():
    found = heads([1e-200, 2e-200], [1e150, 1e150])
    np.testing.assert_allclose(found, [1e-50, 2e-50], rtol=1e-15)
    index = Index("T", [Indicator("a", denominator="p", denominator_factor=1e-300), Indicator("b")])
    np.testing.assert_allclose(heads([1e300, 2.0], [1e-300, 4.0], index), [1e300, 5e-301])
    # A quotient that is there, but has lost its digits.
    found = heads([1.23456789e-160, 1.0], [1e160, 1e250])
    np.testing.assert_allclose(found, [1.23456789e-20, 1e50], rtol=1e-14)


@pytest.mark.parametrize(
    ("a", "p", "fault"),
    [
        ([1e300, 1.0], [1e-300, 1e300], "unit 'X', 'a': 1e+300 / 1e-300 * 1e+300"),
        ([0.0, 1e10], [1.0, 1.0], "unit 'Y', 'a': 1e+10 / 1 * 1e+300"),
    ],
)
def test_values_per_head_beyond_the_range_of_floats_are_named(a, p, fault):
    data = {"unit": ["X", "Y"], "a": a, "b": [1.0, 2.0], "p": p}
    with pytest.raises(DataError, match=r"exceed the range of floats; set another") as caught:
        Assessment(HEADS, data)
    assert caught.value.faults == (fault,)


def test_values_per_head_below_the_range_of_floats_are_named():
    index = Index("T", [Indicator("a", denominator="p"), Indicator("b")])
    with pytest.raises(DataError) as caught:
        heads([1e-300, 0.0], [1e300, 1.0], index)
    assert caught.value.faults == ("unit 'X', 'a': 1e-300 / 1e+300 * 1",)


MODERATE = st.floats(1e-90, 1e90)


@settings(max_examples=50, deadline=None)
@given(MODERATE, MODERATE, MODERATE, st.integers(-700, 700))
def test_values_per_head_of_ordinary_size_have_the_bits_of_the_formula(a, p, factor, power):
    index = Index("T", [Indicator("a", denominator="p", denominator_factor=factor), Indicator("b")])
    found = heads([-a, a], [p, p], index)
    assert found.tolist() == [-a / p * factor, a / p * factor]
    # Powers of two that cancel out change nothing, wherever they lead in between.
    shifted = Index(
        "T",
        [
            Indicator("a", denominator="p", denominator_factor=np.ldexp(factor, -power)),
            Indicator("b"),
        ],
    )
    other = heads([a * 2.0**power, a], [p, p * 2.0**-power], shifted)
    np.testing.assert_allclose(other, [a / p * factor] * 2, rtol=1e-15)


def test_without_denominators_the_values_are_the_same_array():
    assessment = assess()
    values = assessment.observations.values
    assert denominated(values, assessment.observations, INDEX.indicators, str) is values


# Inputs


class Varies:
    """An input that does what it is told; other keywords become attributes."""

    def __init__(self, names=("x",), apply=lambda uniforms, draws: None, **others):
        self.names, self.act = names, apply
        for name, value in others.items():
            setattr(self, name, value)

    def factors(self, assessment):
        return self.names

    def apply(self, uniforms, draws):
        self.act(uniforms, draws)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (None, "input Varies: options must be a mapping of step to options, got None"),
        ([MinMax()], r"input Varies: options must be a mapping .*got \[MinMax"),
        ({3: [MinMax()]}, "options must be a mapping of step to options"),
        ({"normalisation": 3}, "input Varies: options of normalisation must be a sequence of .*3"),
        ({"normalisation": []}, "(?s)at least one option is required for each of.*'normalisation'"),
        (
            {"bla": [MinMax(), Goalposts()]},
            "(?s)combinations of the alternatives cannot be assessed.*'bla'",
        ),
    ],
)
@pytest.mark.parametrize("study", STUDIES)
def test_options_of_inputs_are_checked(study, options, message):
    with pytest.raises(MethodError, match=message):
        STUDIES[study]([Varies(options=options)])


class Raises:
    """Raise from the attribute that a subclass names."""

    def factors(self, assessment):
        return ["x"]

    def apply(self, uniforms, draws):
        pass


def raising(name, base=Raises):
    def broken(self):
        raise ValueError("not ready")

    return type(f"No{name}", (base,), {name: property(broken)})()


@pytest.mark.parametrize("study", STUDIES)
def test_options_that_raise_are_told(study):
    message = "input Nooptions: its attribute options raised ValueError: not ready"
    with pytest.raises(MethodError, match=message):
        STUDIES[study]([raising("options")])


def test_two_inputs_cannot_choose_of_one_step():
    two = [Varies((name,), options={"aggregation": [ArithmeticMean()]}) for name in "xy"]
    with pytest.raises(MethodError, match=r"(?s)vary the same choice.*options of 'aggregation'"):
        STUDIES["uncertainty"](two)


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        (lambda *_: 1 / 0, "input Varies raised ZeroDivisionError"),
        (lambda *_: None, "input Varies: drawn must be a sequence of sequences, got None"),
        (lambda *_: [5], "input Varies: drawn must be a sequence of values, got 5"),
        (lambda u, _: [*u, *u], r"drawn must return 1 sequences.* of 4 values.*lengths \[4, 4\]"),
        (lambda u, _: [u[0][1:]], r"of 4 values, one for each draw; got the lengths \[3\]"),
        (lambda u: u, r"cannot be called as drawn\(uniforms, draws\)"),
    ],
)
def test_what_inputs_say_of_their_numbers_is_checked(drawn, message):
    study = STUDIES["uncertainty"]([Varies(drawn=drawn)])
    with pytest.raises(MethodError, match=message):
        study.inputs(0, 4)
    with pytest.raises(MethodError, match="attribute drawn raised ValueError"):
        STUDIES["uncertainty"]([raising("drawn")]).inputs()


def test_inputs_may_say_what_their_numbers_stand_for_or_not():
    said = STUDIES["uncertainty"]([Varies(drawn=lambda u, _: [["low"] * u.shape[1]])]).inputs(0, 2)
    assert list(said["x"]) == ["low", "low"]
    plain = STUDIES["uncertainty"]([Varies()]).inputs(0, 2)
    assert all(0 <= number < 1 for number in plain["x"])


@pytest.mark.parametrize("study", STUDIES)
def test_inputs_without_a_factor_are_refused(study):
    with pytest.raises(MethodError, match=r"input Varies must have at least one factor"):
        STUDIES[study]([Varies(())])
    with pytest.raises(MethodError, match=r"input Varies must have at least one factor"):
        STUDIES[study]([WeightNoise(), Varies(())])


@pytest.mark.parametrize("study", STUDIES)
def test_a_choice_of_a_step_without_options_is_refused(study):
    def choose(step):
        return Varies(apply=lambda u, draws: draws.choose(step, np.zeros(u.shape[1], dtype=int)))

    with pytest.raises(
        MethodError, match="only choose options of the steps in their attribute"
    ) as caught:
        STUDIES[study]([choose("bla")])
    assert caught.value.faults == ("'bla'",)
    means = Alternatives("aggregation", [ArithmeticMean(), Minimum()])
    with pytest.raises(MethodError) as caught:
        uncertainty(assess(), [means, choose("agregation")], n_samples=4, rng=1)
    assert caught.value.faults == ("'agregation'; did you mean 'aggregation'?",)


@pytest.mark.parametrize("size", [1e308, 1e-320, 1e-200, 5e-324])
@pytest.mark.parametrize("study", ["uncertainty", "sobol"])
def test_weights_at_the_ends_of_floats_are_scaled_like_others(study, size):
    def set_all(uniforms, draws):
        draws.set_weights("A", np.full((2, draws.n_draws), size))
        draws.scale("a", np.full(draws.n_draws, 1.0))
        draws.scale_children("T", np.full((2, draws.n_draws), size))
        draws.scale_children("T", np.full((2, draws.n_draws), size))

    how = {"output": "score"} if study == "sobol" else {}
    STUDIES[study]([Varies(apply=set_all), WeightNoise({"c": 0.9})], **how)
    assessment = assess()
    found = uncertainty(assessment, [Varies(apply=set_all)], n_samples=2, rng=1).scores(0, 2)
    np.testing.assert_allclose(found, [assessment.array("T")] * 2)


def test_weights_keep_their_ratios_and_ordinary_ones_their_bits():
    draws = Draws(assess(), 3)
    given = np.array([[0.1, 1e308, 1e-310], [0.3, 5e307, 3e-310]])
    draws.set_weights("A", given)
    draws.require_weights(None)
    np.testing.assert_allclose(draws.local_weights("a"), [0.25, 2 / 3, 0.25], rtol=1e-9)
    assert draws.weights["A"][:, 0].tolist() == [0.1, 0.3]
    draws = Draws(assess(), 1)
    draws.set_weights("A", np.array([[0.0], [0.0]]))
    with pytest.raises(MethodError, match="nothing but 0 in a draw"):
        draws.require_weights(None)
    draws = Draws(assess(), 1)
    draws.set_weights("A", [1.0, 3.0])
    with pytest.raises(MethodError, match=r"have shape \(2,\) where \(2, 1\) was expected"):
        draws.require_weights(None)
    with pytest.raises(MethodError, match=r"factors of 'a' must have the shape \(1,\), got \(2,\)"):
        draws.scale("a", [1.0, 2.0])


# Executors


class Pool:
    def __init__(self, give):
        self.give = give

    def submit(self, work, task):
        future = Future()
        future.set_result(self.give(work, task))
        return future


@pytest.mark.parametrize("given", [None, "x", (1, 2, 3), np.ones(3)], ids=repr)
@pytest.mark.parametrize("study", STUDIES)
def test_a_future_must_give_what_the_work_returned(study, given):
    pool = Pool(lambda work, task: given)
    message = "executor Pool: the future of task 1 must return the result of that task, got"
    with pytest.raises(MethodError, match=message):
        STUDIES[study]([WeightNoise()], executor=pool)


def test_results_of_other_tasks_are_told_apart():
    kept = []

    def first_again(work, task):
        kept.append(work(task))
        return kept[0]

    with pytest.raises(MethodError, match=r"future of task 2 must .*, got the result of task 1"):
        list(in_order(len, [[1], [2]], executor=Pool(first_again)))


def test_a_worker_that_fails_and_then_gives_something_else_is_told():
    class Fails:
        n = 0

        def submit(self, work, task):
            self.n += 1
            future = Future()
            if self.n == 1:
                future.set_exception(OSError("lost"))
            else:
                future.set_result(None)
            return future

    with pytest.raises(MethodError, match=r"executor Fails: the future of task 1 .*got None"):
        list(in_order(len, [[1]], executor=Fails()))


@pytest.mark.parametrize("study", STUDIES)
def test_attributes_of_executors_that_raise_are_told(study):
    class NoCount(Pool):
        @property
        def _max_workers(self):
            raise ValueError("unknown")

    pools = {"_max_workers": NoCount(lambda work, task: work(task)), "submit": raising("submit")}
    for name, pool in pools.items():
        with pytest.raises(MethodError, match=rf"executor No\w+: its attribute {name} raised"):
            STUDIES[study]([WeightNoise()], executor=pool)


def test_a_future_that_cannot_be_cancelled_does_not_hide_the_error():
    class Stuck(Future):
        def cancel(self):
            raise KeyError("stuck")

    class Stucks:
        def submit(self, work, task):
            future = Stuck()
            future.set_result(None)
            return future

    with pytest.raises(MethodError, match="future of task 1 must return"):
        list(in_order(len, [[1], [2]], executor=Stucks()))


# What objects declare


class Everything:
    def impute(self, values, context):
        return values

    def treat(self, values):
        return values

    def normalise(self, values, indicators):
        return values

    def weights(self, values, children):
        return np.full(len(children), 1 / len(children))

    def aggregate(self, values, weights):
        return values @ weights


FAMILIES = ["imputation", "treatment", "normalisation", "weighting", "aggregation"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("by_code", [False, True])
def test_traits_that_raise_are_told(family, by_code):
    step = raising("traits", Everything)
    choice = {"A": step, "B": step} if by_code else step
    message = f"^{family} Notraits: its attribute traits raised ValueError: not ready$"
    with pytest.raises(MethodError, match=message):
        assess(**{family: choice})


def test_an_attribute_may_raise_an_error_of_this_library():
    class Own:
        @property
        def traits(self):
            raise DataError("of its own")

    with pytest.raises(DataError, match="of its own"):
        attribute(Own(), "traits", None, step="x")
    with pytest.raises(MethodError, match="x: its attribute treat raised ValueError: not ready"):
        ask(raising("treat"), "treat", step="x")


@pytest.mark.parametrize("weights", [(2,), (3, 2)])
def test_weights_with_an_infinite_sum_are_told(weights):
    step = type("Huge", (), {"weights": lambda self, v, c: np.full(weights, 1e308)})()
    with pytest.raises(MethodError, match=r"weighting Huge of 'B' must .*got a sum of inf"):
        assess(weighting={"B": step})


@pytest.mark.parametrize("size", [1e308, -1e308, np.finfo(float).max])
def test_normalised_values_at_the_end_of_floats_have_a_mean(size):
    step = type("Huge", (), {"normalise": lambda self, v, i: np.full(v.shape, size)})()
    for data in (DATA, DATA | {"b": [NAN, 1.0, 2.0]}):
        step.normalise = lambda v, i: np.where(np.isnan(v), NAN, size)
        found = assess(data, normalisation=step)
        np.testing.assert_allclose(found.array("T"), size)


# Faults of several places


def faults_of(data=DATA, **choices):
    with pytest.raises(MethodError) as caught:
        assess(data, **choices)
    return caught.value


def test_faulty_weights_of_all_nodes_are_listed():
    error = faults_of(weighting={"A": Fixed({"x": 1}), "B": Fixed({"c": 1, "y": 2})})
    assert error.summary == "nodes that cannot be scored"
    assert [re.findall(r"'(\w+)'", fault) for fault in error.faults] == [
        ["B", "d"], ["A", "a"], ["A", "b"],
    ]  # fmt: skip


def test_missing_values_of_all_nodes_are_listed():
    data = DATA | {"a": [NAN, 1.0, 2.0], "d": [1.0, NAN, 3.0]}
    with pytest.raises(DataError) as caught:
        assess(data, missing="raise")
    listed = "children of {} are missing, and the method has missing='raise'; impute them or choose another rule: {}"
    assert caught.value.faults == (
        listed.format("'B'", "unit 'Y': 'd'"),
        listed.format("'A'", "unit 'X': 'a'"),
    )
    with pytest.raises(
        DataError, match=r"^children of 'A' are missing, and the method has missing='raise'"
    ):
        assess(GAPS, missing="raise")


def test_values_outside_the_domain_of_all_nodes_are_listed():
    data = DATA | {"a": [0.0, 1.0, 2.0]}
    error = faults_of(data, aggregation=GeometricMean())
    assert [fault.partition("got: ")[2] for fault in error.faults] == [
        "unit 'Z', 'c': 0",
        "unit 'X', 'a': 0",
    ]


def test_plug_ins_that_fail_at_several_nodes_are_listed():
    step = type("Odd", (), {"aggregate": lambda self, v, w: 1 / 0})()
    error = faults_of(aggregation=step)
    assert error.faults == tuple(
        f"aggregation Odd of '{node}' raised ZeroDivisionError: division by zero; on {codes}"
        for node, codes in (("B", "'c', 'd'"), ("A", "'a', 'b'"))
    )
    assert isinstance(error.__cause__, MethodError)


@pytest.mark.parametrize(
    ("family", "act"),
    [("imputation", "impute"), ("treatment", "treat"), ("normalisation", "normalise")],
)
def test_steps_that_fail_on_several_indicators_are_listed(family, act):
    def broken():
        return type("Odd", (), {act: lambda self, *_: 1 / 0})()

    one, other = broken(), broken()
    # A normalisation of A would be one of its scores.
    parts = {"A": one, "B": other} if act != "normalise" else {"a": one, "b": one, 2: other}
    error = faults_of(GAPS, **{family: parts})
    assert error.summary == f"{family}s that cannot be applied"
    assert [fault[-10:] for fault in error.faults] == ["on 'a', 'b'"[-10:], "on 'c', 'd'"[-10:]]


def test_the_first_of_errors_of_different_kinds_is_told():
    together = Together()
    together.require("none")
    for error in (DataError("first"), MethodError("second")):
        with together:
            raise error
    with pytest.raises(DataError, match=r"^first$"):
        together.require("x")
    unknown = Together()
    for name in "ab":
        with unknown:
            raise UnknownCodeError("region", [name], ["c"])
    with pytest.raises(UnknownCodeError, match="no region 'a'"):
        unknown.require("x")
    with pytest.raises(KeyError), together:
        raise KeyError("passes")


def test_sound_methods_pass():
    found = assess(GAPS, imputation={"A": ColumnMean()}, weighting={"A": Equal()})
    assert not np.isnan(found.array("T")).any()


def test_what_draws_given_the_others_is_asked_like_all_else():
    def broken(*_):
        raise KeyError("x")

    with pytest.raises(MethodError, match="input Varies raised KeyError: 'x'"):
        STUDIES["shapley"]([Varies(("x", "y"), apply_given=broken)])
    with pytest.raises(MethodError, match=r"cannot be called as apply_given\(known, uniforms, "):
        STUDIES["shapley"]([Varies(("x", "y"), apply_given=lambda known: None)])
    with pytest.raises(MethodError, match="its attribute apply_given raised ValueError"):
        STUDIES["shapley"]([raising("apply_given"), Varies(("y",))])
