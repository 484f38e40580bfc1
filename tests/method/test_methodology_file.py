"""A methodology in a file: what is written is read back, and a fault is named with its place."""

import dataclasses
import re
import tempfile
from datetime import date
from pathlib import Path

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dli import Assessment, DLIWarning, Index, Indicator, Method
from dli.aggregation import CensoredMean, GeometricMean, Minimum, OrderedWeighted, PowerMean
from dli.errors import FileError, MethodError, ModelError
from dli.framework.choices import FAMILIES, built_in, own_steps
from dli.imputation import ColumnMean, GroupMean, GroupMedian, Latest
from dli.method.files import to_tables
from dli.normalisation import CutOff, DistanceToReference, FittedOn, MinMax, Rank, ZScore
from dli.treatment import Clip, Log, Logarithm, Winsorise
from dli.weighting import (
    AHP,
    BestWorst,
    BudgetAllocation,
    Declared,
    DirectPoints,
    Entropy,
    Equal,
    Fixed,
    GroupAHP,
    PairwiseSwing,
    RankOrder,
    Swara,
)

BY_HAND = """
format = "dli-index/1"

[index]
code = "T"

[[node]]
code = "A"
weight = 3.0

[[node]]
code = "b"
goalposts = [0, 10]

[[node]]
code = "a1"
parent = "A"
goalposts = [0, 10]
weight = 9.0

[[node]]
code = "a2"
parent = "A"
goalposts = [0, 10]

[method]
availability = 0.6
missing = "propagate"

[method.normalisation]
method = "MinMax"
high = 10.0

[[method.weighting]]
for = "A"
method = "Equal"

[[method.aggregation]]
for = 1
method = "GeometricMean"
"""
METHOD_ALONE = BY_HAND[BY_HAND.index("[method]") :]
DATA = {"unit": ["X", "Y", "Z"], "a1": [2, 9, 5], "a2": [8, 4, None], "b": [5, 1, None]}
INDEX = Index("T", [Index("A", [Indicator("a1"), Indicator("a2")]), Indicator("b")])


@dataclasses.dataclass(frozen=True)
class Power:
    """An aggregation from outside, as a dataclass."""

    exponent: float = 2.0
    labels: tuple[str, ...] | None = None
    known: int = dataclasses.field(default=1, init=False)

    def aggregate(self, values, weights):
        """Return a sum of powers."""
        return (weights * values**self.exponent).sum(axis=-1)


@attrs.frozen
class ByRules:
    """A weighting from outside, as a class of attrs, with a parameter called ``method``."""

    method: str
    limits: tuple[float, ...] = attrs.field(default=(), converter=tuple)
    within: object = None
    _since: date = date(2020, 1, 31)

    def weights(self, values, children):
        """Return equal weights."""
        return np.full(len(children), 1 / len(children))


STEPS = {"Power": Power, "ByRules": ByRules}


def written(tmp_path, text):
    path = tmp_path / "methodology.toml"
    path.write_text(text, encoding="utf-8")
    return path


# One file, read by each door.


def test_a_file_written_by_hand_is_a_whole_methodology(tmp_path):
    assessment = Assessment.from_file(written(tmp_path, BY_HAND), DATA)
    # X: A = sqrt(2 * 8) = 4, T = (3 * 4 + 5) / 4; Y: A = sqrt(9 * 4) = 6, T = (3 * 6 + 1) / 4.
    # Z has one of three indicators, less than the share that it must have.
    assert list(assessment.units) == ["X", "Y"]
    assert assessment.array("A").tolist() == pytest.approx([4, 6])
    assert assessment.array("T").tolist() == pytest.approx([4.25, 4.75])


def test_options_go_to_the_data(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("land;year;a1;a2;b\nX;2020;2,5;..;3\nY;2020;3;4;5\n", encoding="utf-8")
    assessment = Assessment.from_file(
        written(tmp_path, BY_HAND),
        path,
        unit="land",
        period="year",
        delimiter=";",
        decimal=",",
        missing="..",
    )
    assert assessment.observations.unit_column == "land"
    assert assessment.observations.period_column == "year"


def test_each_part_of_a_file_is_read_alone(tmp_path):
    path = written(tmp_path, BY_HAND)
    method = Method(
        availability=0.6,
        missing="propagate",
        normalisation=MinMax(high=10.0),
        weighting={"A": Equal()},
        aggregation={1: GeometricMean()},
    )
    assert Method.load(path) == method
    assert Index.load(path).find("A").weight == 3.0
    # A file of the method alone; with or without a format.
    path.write_text(METHOD_ALONE)
    assert Method.load(path) == method
    path.write_text('format = "dli-index/1"\n' + METHOD_ALONE)
    assert Method.load(path) == method
    with pytest.raises(ModelError, match=r"table \[index\], the top of the tree, is missing"):
        Index.load(path)


def test_the_name_of_a_step_may_be_called_step(tmp_path):
    path = written(tmp_path, '[method]\nweighting = { step = "Entropy" }\n')
    assert Method.load(path) == Method(weighting=Entropy())


def test_a_saved_methodology_says_everything(tmp_path):
    index = Index("T", [Indicator("a"), Indicator("b")], weighting=Equal())
    method = Method(imputation={"a": ColumnMean(), "b": None}, coverage={np.int64(0): 0.5})
    data = {"unit": ["X", "Y"], "a": [1, 2], "b": [3, 4]}
    assessment = Assessment(index, data, method=method)
    path = tmp_path / "methodology.toml"
    assessment.save_methodology(path)
    text = path.read_text(encoding="utf-8")
    tables = [line for line in text.splitlines() if line.startswith("[")]
    assert tables[:3] == ["[index]", "[index.weighting]", "[method]"]
    for said in (
        "availability = 0.0",
        '{ for = "a", method = "ColumnMean" }',
        '{ for = "b" }',
        "{ for = 0, share = 0.5 }",
        '[method.normalisation]\nmethod = "MinMax"\nlow = 0.0\nhigh = 100.0\nends = "declared"\n',
        '[method.weighting]\nmethod = "Declared"\n',
        '[method.aggregation]\nmethod = "ArithmeticMean"\n',
        'missing = "renormalise"',
    ):
        assert said in text
    assert Method.load(path) == method
    assert Index.load(path) == index


# Round trips.

# What cannot be made without parameters, and parameters that are not simple.
EXAMPLES = [
    AHP({("a", "b"): 3, ("b", "c"): 2, ("a", "c"): 5}, method="geometric"),
    AHP([[1, 2], [0.5, 1]], items=["a", "b"]),
    AHP([[1, None], [None, 1]], items=["a", "b"]),
    BestWorst({"a": 1, "b": 2}, {"a": 2, "b": 1}),
    BudgetAllocation([{"a": 60, "b": 40}]),
    CensoredMean(at=0.5),
    Clip(high=1000),
    CutOff(5, inclusive=True),
    DirectPoints({"a": 1, "b": 2}),
    DistanceToReference("X", cap=True),
    FittedOn(MinMax(0, 10), periods=[2020, 2021]),
    FittedOn(ZScore(50, 10), units=["X", "Y"], periods=[date(2020, 1, 31)]),
    Fixed({"a": 0.25, "method": 0.5, "step": 0.25}),
    Fixed({"a": np.float32(0.5), "b": np.int64(1)}),
    GroupAHP({"one": [["a", "b", 2]], "two": [["a", "b", 3]]}, method="geometric"),
    GroupMean("region"),
    GroupMedian("method", empty="raise"),
    Latest(max_gap=2, backfill=True),
    Logarithm(1, base=10),
    OrderedWeighted((0.75, 0.25)),
    PairwiseSwing({("a", "b"): 2}),
    PowerMean(float("-inf")),
    RankOrder(["a", "b"]),
    Swara(["a", "b"], [0.5]),
    Winsorise(max_points=2, fallback=None),
    Winsorise(max_points=3, force=True),
    Winsorise(fallback=Winsorise(fallback=Log())),
]


def _family(kind):
    return next(family for family in FAMILIES if built_in(family).get(kind.__name__) is kind)


def _steps():
    """Return steps of every public class by family; what needs parameters must be an example."""
    steps = {family: [s for s in EXAMPLES if _family(type(s)) == family] for family in FAMILIES}
    for family in FAMILIES:
        for kind in built_in(family).values():
            # Clip has defaults throughout, but needs one of its limits.
            if kind is not Clip and all(
                field.default is not attrs.NOTHING for field in attrs.fields(kind)
            ):
                steps[family].append(kind())
    return steps


ALL = _steps()


def _there_and_back(method, steps=None):
    """Return what a file of a method says, after holding it to being read back."""
    with tempfile.TemporaryDirectory() as folder:
        path, again = Path(folder) / "one.toml", Path(folder) / "two.toml"
        method.save(path)
        read = Method.load(path, steps=steps)
        read.save(again)
        assert path.read_bytes() == again.read_bytes()
        assert read == method
        return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_built_in_step_comes_back_from_a_file(family):
    assert {type(step).__name__ for step in ALL[family]} == set(built_in(family))
    for i, step in enumerate(ALL[family]):
        text = _there_and_back(Method(**{family: step}))
        parameters = {
            f.alias for f in attrs.fields(type(step)) if getattr(step, f.name) is not None
        }
        for name in parameters - {"by_code"}:
            assert re.search(rf"^(\[method\.{family}\.)?{name}\b", text, re.MULTILINE), (i, name)
        assert Method.from_dict(Method(**{family: step}).to_dict()) == Method(**{family: step})


def test_every_built_in_weighting_and_aggregation_of_a_node_comes_back(tmp_path):
    for family in ("weighting", "aggregation"):
        for step in ALL[family]:
            index = Index("T", [Index("A", [Indicator("a")], **{family: step})])
            index.save(tmp_path / "index.toml")
            assert Index.load(tmp_path / "index.toml") == index


@st.composite
def methods(draw):
    keys = st.lists(st.sampled_from([0, 1, 2, "T", "A", 'A "1"\n', "0"]), unique=True, max_size=3)
    fields = {}
    for family, steps in ALL.items():
        options = st.sampled_from(steps)
        if family in ("imputation", "treatment"):
            options = st.none() | options
        named = draw(keys)
        fields[family] = draw(options)
        if named and draw(st.booleans()):
            fields[family] = {key: draw(options) for key in named}
    share = st.floats(0, 1) | st.integers(0, 1) | st.floats(0, 1, width=32).map(np.float32)
    return Method(
        **fields,
        availability=draw(share),
        missing=draw(st.sampled_from(["renormalise", "propagate", "raise"])),
        coverage=draw(share | st.dictionaries(st.sampled_from([0, 1, "A"]), share)),
    )


@given(methods())
@settings(max_examples=25)
def test_every_method_comes_back_from_a_file(method):
    _there_and_back(method)
    assert Method.from_dict(method.to_dict()) == method


def test_a_parameter_called_method_does_not_take_the_place_of_the_name():
    scheme = AHP({("a", "b"): 3}, method="geometric")
    table = Method(weighting=scheme).to_dict()["weighting"]
    assert table == {"step": "AHP", "judgements": [["a", "b", 3]], "method": "geometric"}


# Steps of one's own.


def test_steps_of_ones_own_are_named_in_the_file_and_handed_over():
    text = _there_and_back(Method(aggregation={0: Power(3.0), 1: Minimum()}), STEPS)
    assert 'method = "Power"\nexponent = 3.0\n' in text.replace(", ", "\n").replace(" }", "\n")
    scheme = ByRules("half", limits=np.array([0.1, 0.5]), within=ByRules("all"))
    text = _there_and_back(Method(weighting=ByRules("half", [0.1], scheme)), STEPS)
    assert 'step = "ByRules"\nmethod = "half"\n' in text
    assert "since = 2020-01-31" in text


def test_a_step_of_ones_own_may_hold_steps_of_the_library():
    @attrs.frozen
    class Chain:
        parts: tuple = attrs.field(converter=tuple)
        by_name: dict = attrs.field(factory=dict)

        def normalise(self, values, indicators):
            """Never called here."""

    chain = Chain([Rank(), FittedOn(MinMax(), units=["X"])], {"last": ZScore()})
    _there_and_back(Method(normalisation=chain), {"Chain": Chain})


def test_a_step_of_the_library_may_hold_one_of_ones_own():
    @dataclasses.dataclass
    class Doubled:
        factor: float = 2.0

        def treat(self, values):
            """Never called here."""

    _there_and_back(Method(treatment=Winsorise(fallback=Doubled(3.0))), {"Doubled": Doubled})


def test_a_function_may_make_a_step(tmp_path):
    path = written(tmp_path, '[method]\naggregation = { method = "Cube", scale = 2 }')

    def cube(**parameters):
        return Power(3.0 * parameters["scale"])

    assert Method.load(path, steps={"Cube": cube}).aggregation == Power(6.0)


def test_an_imputer_of_scikit_learns_kind_may_be_handed_over(tmp_path):
    class Imputer:
        def __init__(self, *, strategy="mean"):
            self.strategy = strategy

        def fit_transform(self, values):
            """Never called here."""

    path = written(tmp_path, '[method]\nimputation = { method = "Imputer", strategy = "median" }')
    assert Method.load(path, steps={"Imputer": Imputer}).imputation.strategy == "median"


def test_nodes_may_have_steps_of_ones_own(tmp_path):
    index = Index("T", [Indicator("a"), Indicator("b")], aggregation=Power(1.0))
    path = tmp_path / "model.toml"
    index.save(path)
    assert Index.load(path, steps=STEPS) == index
    with pytest.raises(
        ModelError,
        match=r"(?s)model.toml'.*\[index\] \(code 'T'\): key 'aggregation': no aggregation method "
        r"'Power'; did you mean 'PowerMean'\?; to use a step of your own, pass it when loading: "
        r"steps={'Power': ...}",
    ):
        Index.load(path)


def test_a_whole_methodology_with_steps_of_ones_own_scores_the_same(tmp_path):
    index = Index("T", [Index("A", [Indicator("a"), Indicator("b")], weighting=ByRules("x"))])
    data = {"unit": ["X", "Y", "Z"], "a": [1, 2, 4], "b": [3, 5, 4]}
    assessment = Assessment(index, data, method=Method(aggregation={"A": Power()}))
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    assessment.save_methodology(one)
    again = Assessment.from_file(one, data, steps=STEPS)
    again.save_methodology(two)
    assert one.read_bytes() == two.read_bytes()
    assert again.array("T").tolist() == assessment.array("T").tolist()


def test_plain_tables_and_saved_assessments_hold_steps_of_the_library_only():
    with pytest.raises(MethodError, match="not one of this library's aggregation methods"):
        Method(aggregation=Power()).to_dict()
    with pytest.raises(MethodError, match="not one of this library's weighting methods"):
        Index("T", [Indicator("a")], weighting=ByRules("x")).to_dict()


def _own(kind, *parameters, **named):
    """Return an aggregation of a class, made a frozen class of attrs."""
    kind.aggregate = lambda self, values, weights: None
    return attrs.frozen(kind)(*parameters, **named)


def _broken_steps():
    class Plain:
        def aggregate(self, values, weights):
            """Never called here."""

    class Minimum:
        share: float = 1.0

    class WithStep:
        step: int = 1

    class Pair:
        ends: tuple = (0, 1)

    class Unknown:
        level: object = 3

    class Table:
        cells: object

    @attrs.define(init=False)
    class Counted:
        n: int

        def __init__(self, total):
            self.n = total

        def aggregate(self, values, weights):
            """Never called here."""

    return [
        (Plain(), "to save it in a file, make its class a dataclass or an attrs class with the parameters as fields$"),
        (_own(Minimum), "has the name of a method of aggregation in this library.*rename its class"),
        (_own(WithStep), "the parameters as fields, none of which may be called 'step'"),
        (_own(Pair), r"(?s)converters.*ends is \(0, 1\) and would be read back as \[0, 1\]"),
        (_own(Unknown, None), "level is None and would be read back as 3"),
        (_own(Table, [1, None]), r"cells is \[1, None\] and would be read back as \[1, nan\]"),
        (_own(Table, np.zeros(2)), r"cells is array\(\[0., 0.\]\) and would be read back as \[0.0"),
        (_own(Table, {1: 2}), r"Table, parameter 'cells': a file can only hold mappings whose keys"),
        (_own(Table, {"method": "x"}), r"{'method': 'x'} would be read from a file as a step"),
        (_own(Table, {1, 2}), r"a file cannot hold {1, 2}"),
        (_own(Table, np.datetime64("2020-01-01")), "a file cannot hold np.datetime64|a file cannot hold numpy.datetime64"),
        (_own(Table, 1j), "a file cannot hold 1j"),
        (Counted(total=2), r"cannot be created from its fields: .*unexpected keyword argument 'n'"),
    ]  # fmt: skip


@pytest.mark.parametrize(("step", "message"), _broken_steps())
def test_a_step_that_no_file_can_hold_says_what_is_needed(tmp_path, step, message):
    path = tmp_path / "method.toml"
    path.write_text("before")
    with pytest.raises(MethodError, match=message):
        Method(aggregation=step).save(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_all_steps_that_no_file_can_hold_are_listed(tmp_path):
    plain = _broken_steps()[0][0]

    class Scheme:
        def weights(self, values, children):
            return np.full(len(children), 1 / len(children))

    index = Index("T", [Indicator("a")], weighting=Scheme())
    method = Method(aggregation=plain, weighting={0: Scheme()})
    with pytest.raises(MethodError, match="a file cannot contain this method") as caught:
        method.save(tmp_path / "x.toml")
    assert len(caught.value.faults) == 2

    data = {"unit": ["X", "Y"], "a": [1, 2]}
    assessment = Assessment(index, data, method=Method(weighting={0: Scheme()}))
    with pytest.raises(MethodError, match="a file cannot contain this methodology") as caught:
        assessment.save_methodology(tmp_path / "x.toml")
    assert len(caught.value.faults) == 2


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(FileError, match="no-such-folder"):
        Method().save(tmp_path / "no-such-folder" / "x.toml")


# What is wrong with a file.


def _method(text):
    return f"[method]\n{text}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"table \[method\] is missing; add an empty table to use the defaults"),
        ("[metod]", r"table \[metod\] is unknown; did you mean 'method'"),
        ("method = 3", r"\[method\] must be a table, got 3"),
        ('format = "dli-index/2"\n[method]', "written by a newer version"),
        ('format = "x"\n[method]', "must say format = 'dli-index/1', got 'x'"),
        (_method("normalization = 1"), r"\[method\]: key 'normalization' is unknown; did you mean 'normalisation'"),
        (_method("availability = 2"), r"\[method\]: availability must be a share from 0 to 1, got 2"),
        (_method('missing = "renormalize"'), r"\[method\]: missing must be .*; did you mean 'renormalise'"),
        (_method("coverage = true"), r"\[method\]: coverage must be a share from 0 to 1, got True"),
        (_method("coverage = { 0 = 0.5 }"), r"\[method.coverage\]: expected a number or an array of tables with 'for' and 'share'"),
        (_method("coverage = [{ for = 0 }]"), r"\[\[method.coverage\]\] 1: key 'share' is missing"),
        (_method("coverage = [{ for = 0, shar = 1 }]"), r"\[\[method.coverage\]\] 1: unknown key 'shar'; did you mean 'share'\?"),
        (_method("coverage = [{ for = 0, share = 2 }]"), r"\[method\]: coverage\[0\] must be a share from 0 to 1, got 2"),
        (_method("coverage = [0.5]"), r"\[\[method.coverage\]\] 1: expected a table with a key 'for', got 0.5"),
        (_method('weighting = "Equal"'), r"\[method.weighting\]: weighting must be a table such as { method"),
        (_method("weighting = { method = 1 }"), r"\[method.weighting\]: weighting must be a table such as { method"),
        (_method('weighting = { method = "Entropi" }'), r"\[method.weighting\]: no weighting method 'Entropi'; did you mean 'Entropy'"),
        (_method('weighting = { method = "Mine" }'), r"no weighting method 'Mine'; available methods: AHP, .*; to use a step of your own, pass it when loading: steps={'Mine': ...}"),
        (_method('weighting = { method = "MinMax" }'), "no weighting method 'MinMax'; it is a method of normalisation"),
        (_method('aggregation = { method = "PowerMean", q = 1 }'), r"\[method.aggregation\]: aggregation method PowerMean has no parameter 'q'; needs the parameter 'p'"),
        (_method('normalisation = { method = "MinMax", hihg = 1 }'), "MinMax has no parameter 'hihg'; did you mean 'high'"),
        (_method('normalisation = { method = "MinMax", low = "x" }'), r"\[method.normalisation\]: normalisation method MinMax: .*low"),
        (_method('normalisation = { method = "FittedOn", units = ["X"], normalisation = { method = "MinMx" } }'), "no normalisation method 'MinMx'; did you mean 'MinMax'"),
        (_method('weighting = [{ method = "Equal" }]'), r"\[\[method.weighting\]\] 1: key 'for', the level or code, is missing"),
        (_method('weighting = [{ for = 1.5, method = "Equal" }]'), r"\[\[method.weighting\]\] 1: key 'for' must be a level or a code, got 1.5"),
        (_method('weighting = [{ for = true, method = "Equal" }]'), "key 'for' must be a level or a code, got True"),
        (_method('weighting = [{ for = 1, method = "Equal" }, { for = 1, method = "Gini" }]'), r"\[\[method.weighting\]\] 2: for = 1 appears more than once"),
        (_method("weighting = [{ for = 1 }]"), r"\[\[method.weighting\]\] 1: weighting must be a table such as"),
        (_method('imputation = [{ for = "a", group = "region" }]'), r"\[\[method.imputation\]\] 1: imputation must be a table such as"),
        (_method('aggregation = { method = "Power", exponents = 1 }'), r"Power has no parameter 'exponents'; did you mean 'exponent'"),
        (_method('aggregation = { method = "Power", exponent = [1] }\nweighting = { method = "Broken" }'), "weighting method Broken: ZeroDivisionError"),
        (_method('aggregation = { method = "Nothing" }'), "aggregation method Nothing: {} has no method aggregate"),
    ],
)  # fmt: skip
def test_a_broken_method_names_file_table_and_key(tmp_path, text, message):
    class Broken:
        def __init__(self):
            raise ZeroDivisionError

    path = written(tmp_path, text)
    steps = {**STEPS, "Broken": Broken, "Nothing": dict}
    with pytest.raises(
        ModelError, match=r"(?s)invalid model file '.*methodology.toml'.*" + message
    ):
        Method.load(path, steps=steps)


def test_warnings_that_were_made_errors_pass(tmp_path):
    def doubtful():
        msg = "doubtful"
        raise DLIWarning(msg)

    path = written(tmp_path, _method('aggregation = { method = "Doubtful" }'))
    with pytest.raises(DLIWarning, match="doubtful"):
        Method.load(path, steps={"Doubtful": doubtful})


def test_all_faults_of_a_methodology_come_at_once(tmp_path):
    text = """
        format = "dli-index/1"
        nodes = 1
        [index]
        code = "T"
        [method]
        availability = "all"
        weighting = { method = "Equl" }
        treatment = [{ for = "a" }, { method = "Logg" }]
    """
    with pytest.raises(ModelError, match="invalid model file") as caught:
        Assessment.from_file(written(tmp_path, text), DATA)
    starts = [fault.split(":")[0] for fault in caught.value.faults]
    assert starts == [
        "table [nodes] is unknown; did you mean 'node'?",
        "[[method.treatment]] 2",
        "[[method.treatment]] 2",
        "[method.weighting]",
        "[method]",
    ]


def test_faults_of_nodes_come_with_those_of_their_steps(tmp_path):
    text = BY_HAND.replace(
        "weight = 3.0", 'weight = "3"\nweighting = { method = "Equl" }\naggregation = 1'
    )
    with pytest.raises(ModelError) as caught:
        Index.load(written(tmp_path, text))
    keys = [re.search(r"key '(\w+)'", fault)[1] for fault in caught.value.faults]
    assert keys == ["weighting", "aggregation", "weight"]


def test_levels_and_codes_that_the_index_does_not_have_are_listed(tmp_path):
    text = BY_HAND.replace('for = "A"', 'for = "AA"').replace("for = 1", "for = 7") + (
        "[[method.coverage]]\nfor = 0\nshare = 0.5\n[[method.coverage]]\nfor = 'AB'\nshare = 0.5\n"
    )
    with pytest.raises(ModelError, match=r"methodology\.toml") as caught:
        Assessment.from_file(written(tmp_path, text), DATA)
    there_is_no = "no sub-index or level for"
    assert caught.value.faults == (
        f"[[method.weighting]] 1: key 'for': {there_is_no} weighting 'AA'; did you mean 'A'?",
        f"[[method.aggregation]] 1: key 'for': {there_is_no} aggregation 7",
        f"[[method.coverage]] 2: key 'for': {there_is_no} coverage 'AB'; did you mean 'A'?",
    )


def test_a_model_without_a_method_is_not_a_methodology(tmp_path):
    path = tmp_path / "model.toml"
    INDEX.save(path)
    with pytest.raises(ModelError, match=r"table \[method\] is missing"):
        Assessment.from_file(path, DATA)


def test_a_file_that_is_not_there_is_named(tmp_path):
    for read in (Method.load, lambda path: Assessment.from_file(path, DATA)):
        with pytest.raises(ModelError, match=r"cannot read the model file '.*none.toml'"):
            read(tmp_path / "none.toml")


@pytest.mark.parametrize("read", [Method.load, Index.load], ids=["method", "index"])
def test_steps_must_be_classes_or_functions_by_name(tmp_path, read):
    path = written(tmp_path, BY_HAND)
    with pytest.raises(MethodError, match=r"steps must be a mapping of names.*, got \['a'\]"):
        read(path, steps=["a"])
    with pytest.raises(MethodError) as caught:
        read(path, steps={1: Power, "Entropy": Power, "Mine": 3, "Power": Power})
    assert [fault.split(",")[0].split(":")[0] for fault in caught.value.faults] == [
        "names must be text",
        "'Entropy' is a weighting method of this library",
        "'Mine' must be a class or function that is called with the parameters",
    ]


def test_a_class_without_a_signature_is_called_all_the_same(tmp_path):
    path = written(tmp_path, _method('aggregation = { method = "Kind", x = 1 }'))
    with pytest.raises(ModelError, match="aggregation method Kind: "):
        Method.load(path, steps={"Kind": type})
    assert own_steps(None) == {}


def test_tables_are_the_same_without_a_file():
    method = Method(weighting={"A": Equal()})
    assert to_tables(method)["weighting"] == [{"for": "A", "method": "Equal"}]
    assert to_tables(method, full=True)["aggregation"] == {"method": "ArithmeticMean"}
    assert Method(weighting=Declared()).to_dict() == {}


def test_short_arrays_are_written_on_one_line(tmp_path):
    path = tmp_path / "index.toml"
    lines = "a\n[\n    1,\n    2,\n]\n"
    judgements = {("a", 'b, "c]'): 3, ("a", "d" * 80): 2}
    index = Index("T", [Indicator("a", goalposts=(0, 10))], weighting=AHP(judgements))
    index.save(path)
    text = path.read_text(encoding="utf-8")
    assert "goalposts = [0.0, 10.0]\n" in text
    assert '    ["a", "b, \\"c]", 3],\n    [\n        "a",\n        "ddd' in text
    assert Index.load(path) == index
    # A text of several lines keeps its own.
    index = Index("T", [Indicator("a", description=lines, goalposts=(0, 10))])
    index.save(path)
    assert Index.load(path) == index


def test_one_choice_may_be_for_several_codes_and_for_all_others(tmp_path):
    text = (
        '[[method.normalisation]]\nfor = ["a", 1]\nmethod = "Rank"\n'
        '[[method.normalisation]]\nfor = "*"\nmethod = "ZScore"\n'
    )
    method = Method.load(written(tmp_path, text))
    assert method == Method(normalisation={"a": Rank(), 1: Rank(), "*": ZScore()})
    method.save(tmp_path / "again.toml")
    assert Method.load(tmp_path / "again.toml") == method


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[[method.normalisation]]\nfor = ["a", 1.5]\nmethod = "Rank"',
            r"\[\[method.normalisation\]\] 1: key 'for' must be a level or a code, got 1.5",
        ),
        (
            '[method.normalisation]\nincome = { method = "Rank" }',
            r"write \[\[method.normalisation\]\] with for = 'income' and method = ",
        ),
    ],
)
def test_what_is_for_parts_is_explained(tmp_path, text, message):
    with pytest.raises(ModelError, match=message):
        Method.load(written(tmp_path, text))


def test_steps_of_an_indicator_are_told_where_they_belong(tmp_path):
    text = (
        'format = "dli-index/1"\n'
        'node = [{ code = "a", normalisation = { method = "Rank" } }, { code = "b", bands = {} }]\n'
        '[index]\ncode = "T"\n'
    )
    with pytest.raises(ModelError, match=r"(?s)'normalisation' is for nodes with children.*for = "
                       r"'a'.*key 'bands' is for nodes with children"):  # fmt: skip
        Index.load(written(tmp_path, text))


def test_a_table_where_one_value_belongs_is_refused(tmp_path):
    text = "[method]\nmissing = { rule = 'propagate' }\n"
    with pytest.raises(ModelError, match=r"\[method.missing\]: expected one value, not a table"):
        Method.load(written(tmp_path, text))
    text = "[method]\ndecimals = { IMD = 3 }\n"
    with pytest.raises(ModelError, match="tables with 'for' and 'decimals'"):
        Method.load(written(tmp_path, text))
