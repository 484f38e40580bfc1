"""Steps of one's own in a saved assessment, and files of one kind read as another."""

import dataclasses
import json
import re
import warnings
import zipfile
from datetime import UTC, date, datetime

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli import Assessment, DLIWarning, Index, Indicator, Method, frames, report
from dli.assessment.saved_head import for_json, from_json
from dli.errors import DataError, MethodError, ModelError
from dli.normalisation import FittedOn, MinMax
from dli.treatment import Winsorise

DATA = {"unit": ["X", "Y", "Z"], "a": [1.0, 2, 4], "b": [3.0, 5, 4], "c": [0.1, 0.7, 0.2]}


@dataclasses.dataclass(frozen=True)
class Power:
    """An aggregation from outside, as a dataclass."""

    exponent: float = 2.0
    labels: tuple[str, ...] | None = None

    def aggregate(self, values, weights):
        """Return a sum of powers."""
        return (weights * values**self.exponent).sum(axis=-1)


@attrs.frozen
class ByDate:
    """A weighting from outside, as a class of attrs, with a parameter called ``method``."""

    method: str
    shares: dict[str, object] = attrs.field(factory=dict)
    since: object = date(2020, 1, 31)
    within: object = None

    def weights(self, values, children):
        """Return equal weights."""
        return np.full(len(children), 1 / len(children))


@attrs.frozen
class Bare:
    factor: float = 2.0

    def treat(self, values):
        return values * self.factor

    def normalise(self, values, indicators):
        return values / self.factor

    def impute(self, values, context):
        return values


STEPS = {"Power": Power, "ByDate": ByDate, "Bare": Bare}
METHOD = Method(
    imputation=Bare(1.0),
    treatment=Winsorise(fallback=Bare(1.5)),
    normalisation={"a": Bare(), "S": MinMax(1, 10)},
    aggregation={0: Power(1.5)},
)
INDEX = Index(
    "T",
    [
        Indicator("a"),
        Index("S", [Indicator("b"), Indicator("c")], weighting=ByDate("half", {"date": "b"})),
    ],
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.dli"
    Assessment(INDEX, DATA, method=METHOD).save(path)
    return path


# Steps of one's own.


def test_steps_of_ones_own_come_back_with_the_same_bits(path, tmp_path):
    saved = Assessment(INDEX, DATA, method=METHOD)
    loaded = Assessment.load(path, steps=STEPS)
    assert loaded.index == INDEX
    assert loaded.method == METHOD
    for node in INDEX.walk():
        assert loaded.array(node.code).tobytes() == saved.array(node.code).tobytes()
    loaded.save(tmp_path / "b.dli")
    assert (tmp_path / "b.dli").read_bytes() == path.read_bytes()


def test_a_step_counts_what_it_was_handed_over_as(tmp_path):
    # Z has 4 and 4 of 0 to 10: with equal weights, half of 0.4^2 + 0.4^2 is 0.16.
    goalposts = {"goalposts": (0, 10)}
    index = Index("T", [Indicator("a", **goalposts), Indicator("b", **goalposts)])
    method = Method(normalisation=MinMax(0, 1), aggregation=Power())
    Assessment(index, DATA, method=method).save(tmp_path / "a.dli")
    loaded = Assessment.load(tmp_path / "a.dli", steps={"Power": Power})
    assert loaded.array("T").tolist()[2] == pytest.approx(0.16)


def test_a_step_that_computes_something_else_is_noticed(path):
    class Doubled(Power):
        def aggregate(self, values, weights):
            return 2 * super().aggregate(values, weights)

    # Twice as much is as far from it as it is from 0.
    most = Assessment(INDEX, DATA, method=METHOD).array("T").max()
    message = (
        rf"differ from those saved in '.*a\.dli' by up to {most:.3g} \(saved with NumPy .*\); check "
        r"that the steps passed are those it was saved with: 'Power', 'ByDate', 'Bare'$"
    )
    with pytest.warns(DLIWarning, match=message):
        Assessment.load(path, steps=STEPS | {"Power": Doubled})


def test_scores_that_are_missing_on_one_side_are_counted(tmp_path):
    @attrs.frozen
    class Zeros:
        def impute(self, values, context):
            return np.nan_to_num(values)

    class Nothing(Zeros):
        def impute(self, values, context):
            return values

    index = Index("T", [Indicator("a", goalposts=(0, 4)), Indicator("b", goalposts=(0, 5))])
    data = {"unit": ["X", "Y", "Z"], "a": [1, 2, 4], "b": [3, 5, np.nan]}
    method = Method(imputation=Zeros(), missing="propagate")
    Assessment(index, data, method=method).save(tmp_path / "a.dli")
    with pytest.warns(DLIWarning, match="by up to 0, and 2 of them are missing in one of the two"):
        Assessment.load(tmp_path / "a.dli", steps={"Zeros": Nothing})


def test_scores_of_another_number_of_units_are_noticed(path):
    entries = _entries(path)
    scores = np.frombuffer(entries["scores.npy"][-8 * 15 :]).reshape(5, 3)
    with (path.parent / "scores.npy").open("wb") as file:
        np.save(file, scores[:, :2].copy())
    entries["scores.npy"] = (path.parent / "scores.npy").read_bytes()
    _write(path, entries)
    with pytest.warns(DLIWarning, match=r"by up to inf \(saved"):
        Assessment.load(path, steps=STEPS)


def test_all_steps_that_were_not_handed_over_are_listed_with_their_places(path):
    with pytest.raises(DataError, match=r"a\.dli' does not hold a valid assessment") as caught:
        Assessment.load(path, steps={"Bara": Bare, "ByDate": ByDate})
    handed = "to use a step of your own, pass it when loading: steps="
    places = [
        (r"\[method.imputation\]: no imputation method 'Bare'; did you mean 'Bara'\?", "Bare"),
        (r"\[method.treatment\]: .*no treatment method 'Bare'; did you mean 'Bara'\?", "Bare"),
        (r"\[\[method.normalisation\]\] 1: no normalisation method 'Bare'", "Bare"),
        (r"\[\[method.aggregation\]\] 1: no aggregation method 'Power'; did you mean", "Power"),
    ]
    assert len(caught.value.faults) == len(places)
    for fault, (place, name) in zip(caught.value.faults, places, strict=True):
        assert re.match(place, fault)
        assert f"{handed}{{{name!r}: ...}}" in fault


def test_steps_of_nodes_and_of_the_method_are_told_at_once(path):
    with pytest.raises(DataError) as caught:
        Assessment.load(path)
    assert caught.value.faults[0].startswith(
        "[[node]] 2 (code 'S'): key 'weighting': no weighting method 'ByDate'; available methods: "
    )
    assert len(caught.value.faults) == 5


def test_no_file_imports_code(path, tmp_path):
    entries = _entries(path)
    head = json.loads(entries["assessment.json"])
    head["method"] = {"aggregation": {"method": "os.system"}}
    _write(path, entries | {"assessment.json": json.dumps(head).encode()})
    with pytest.raises(DataError, match=r"no aggregation method 'os\.system'"):
        Assessment.load(path, steps=STEPS)


def test_steps_must_be_classes_or_functions_by_name(tmp_path):
    with pytest.raises(MethodError, match=r"steps must be a mapping of names.*, got \['a'\]"):
        Assessment.load(tmp_path / "a.dli", steps=["a"])
    with pytest.raises(MethodError, match="'MinMax' is a normalisation method of this library"):
        Assessment.load(tmp_path / "a.dli", steps={"MinMax": Bare})


def test_all_steps_that_no_file_can_hold_are_listed_and_the_old_file_stays(tmp_path):
    class Plain:
        def aggregate(self, values, weights):
            return values.mean(axis=-1)

        def weights(self, values, children):
            return np.full(len(children), 1 / len(children))

    path = tmp_path / "a.dli"
    path.write_text("old")
    index = Index("T", [Indicator("a"), Indicator("b")], weighting=Plain())
    assessment = Assessment(index, DATA, method=Method(aggregation=Plain()))
    with pytest.raises(MethodError, match="a file cannot contain this methodology") as caught:
        assessment.save(path)
    assert len(caught.value.faults) == 2
    assert all("class a dataclass or an attrs class" in fault for fault in caught.value.faults)
    assert path.read_text() == "old"


def test_the_statement_and_the_report_work_with_steps_without_a_description(path):
    loaded = Assessment.load(path, steps=STEPS)
    statement = loaded.methodology()
    assert "`Power(exponent=1.5, labels=None)`: An aggregation from outside, as a" in statement
    assert "`Bare(factor=2.0)`" in statement
    for page in (report.of_unit(loaded, "X"), report.of_index(loaded)):
        page.save(path.parent / "page.md")
        assert "Bare(factor=2.0)" in (path.parent / "page.md").read_text(encoding="utf-8")


# Dates, which JSON does not have.


def test_dates_of_parameters_come_back(tmp_path):
    zone = datetime(2020, 1, 31, 12, tzinfo=UTC)
    stamp = pd.Timestamp("2021-01-01 00:00:00.000000001")
    scheme = ByDate("m", {"date": stamp, "list": [zone, "2020-01-01"]}, zone)
    years = [date(2020, 1, 1), date(2020, 1, 1), date(2021, 1, 1)]
    method = Method(
        normalisation=FittedOn(MinMax(), periods=years[1:]),
        weighting=ByDate("n", {"mapping": {"date": "2020-01-01"}}, within=scheme),
    )
    data = DATA | {"day": years}
    Assessment(INDEX, data, period="day", method=method).save(tmp_path / "a.dli")
    loaded = Assessment.load(tmp_path / "a.dli", steps=STEPS)
    assert loaded.method == method
    assert loaded.method.weighting.within.shares["date"].nanosecond == 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (pd.NaT, "a parameter of the method cannot be saved: NaT"),
        (datetime(2020, 1, 1, fold=1), "cannot be saved: it holds a time with fold=1 but no zone"),  # noqa: DTZ001
    ],
)
def test_dates_that_no_file_keeps_are_refused(tmp_path, value, message):
    method = Method(weighting=ByDate("m", since=value))
    with pytest.raises(MethodError, match=message):
        Assessment(INDEX, DATA, method=method).save(tmp_path / "a.dli")
    assert not list(tmp_path.iterdir())


def test_a_date_that_is_none_is_refused(path):
    entries = _entries(path)
    text = entries["assessment.json"].replace(b"2020-01-31", b"2020-02-31")
    _write(path, entries | {"assessment.json": text})
    message = "not a valid saved assessment: {'date': '2020-02-31'} is not a date"
    with pytest.raises(DataError, match=message):
        Assessment.load(path, steps=STEPS)


def test_mappings_that_files_before_this_version_hold_are_read_as_they_are():
    for table in ({"date": 1.0}, {"datetime": [["a", "b", 2]]}, {"mapping": 0.5}):
        assert from_json(table) == table


DATES = st.dates() | st.datetimes().map(lambda moment: moment.replace(fold=0))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | DATES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["date", "datetime", "Timestamp", "mapping", "a"]), inner, max_size=2
        )
    ),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_put_into_json_comes_back(value):
    assert from_json(json.loads(json.dumps(for_json(value)))) == value


# A file of another kind.


@pytest.fixture
def files(tmp_path):
    """Return a file of each kind, by its name."""
    assessment = Assessment(Index("T", [Indicator("a")]), DATA)
    files = {name: tmp_path / name for name in ("a.dli", "m.toml", "index.toml", "method.toml")}
    assessment.save(files["a.dli"])
    assessment.save_methodology(files["m.toml"])
    assessment.index.save(files["index.toml"])
    assessment.method.save(files["method.toml"])
    return files


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("m.toml", r"it is a methodology file; use Assessment\.from_file\(path, data\)"),
        ("index.toml", r"it is a model file without a method; use Assessment\(Index\.load\(path"),
        ("method.toml", r"it is a file with a method only; use .*method=Method\.load\(path\)\)"),
    ],
)
def test_a_model_file_is_not_a_saved_assessment_and_says_how_it_is_read(files, name, message):
    with pytest.raises(DataError, match=rf"{name}' is not a saved assessment: {message}"):
        Assessment.load(files[name])


def test_other_texts_are_no_saved_assessments(tmp_path):
    for text in ("x = 1", "no table"):
        (tmp_path / "a").write_text(text)
        with pytest.raises(DataError, match="not a valid saved assessment: File is not"):
            Assessment.load(tmp_path / "a")


def test_a_saved_assessment_is_not_a_methodology_file_and_says_how_it_is_read(files):
    message = (
        r"a\.dli' is not a methodology file: it is a saved assessment.* Assessment\.load\(path"
    )
    with pytest.raises(ModelError, match=message):
        Assessment.from_file(files["a.dli"], DATA)
    with zipfile.ZipFile(files["a.dli"], "w") as archive:
        archive.writestr("other", b"")
    with pytest.raises(ModelError, match="is not a model file in TOML"):
        Assessment.from_file(files["a.dli"], DATA)


@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (Assessment.load, "saved assessment"),
        (lambda path: Assessment.from_file(path, DATA), "model file"),
    ],
    ids=["load", "from_file"],
)
def test_a_file_that_cannot_be_read_is_told_alike(tmp_path, read, kind):
    with pytest.raises(ModelError, match=rf"^cannot read the {kind} '.*none': No such file"):
        read(tmp_path / "none")
    with pytest.raises(ModelError, match=rf"^cannot read the {kind} '.*': Is a directory"):
        read(tmp_path)


def test_what_a_methodology_file_holds_is_not_an_option(files):
    with pytest.raises(
        MethodError, match="from_file does not accept the index or the method"
    ) as caught:
        Assessment.from_file(files["m.toml"], DATA, method=Method(), coverage=0.5, index=INDEX)
    assert caught.value.faults == (
        "index: use Assessment.from_file(path, data).evolve(index=...)",
        "method: use Assessment.from_file(path, data).evolve(method=...)",
        "coverage: use Assessment.from_file(path, data).evolve(coverage=...)",
    )
    # As an option, `missing` is about the reading of data, not the field of a method.
    read = Assessment.from_file(files["m.toml"], DATA, missing="-")
    changed = read.evolve(coverage=0.5)
    assert changed.method.coverage == 0.5


def test_both_doors_read_the_same_methodology(path, tmp_path):
    loaded = Assessment.load(path, steps=STEPS)
    loaded.save_methodology(tmp_path / "m.toml")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = Assessment.from_file(tmp_path / "m.toml", DATA, steps=STEPS)
    assert again.method == loaded.method
    assert frames.read(again.scores).column("T") == frames.read(loaded.scores).column("T")


def _entries(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _write(path, entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
