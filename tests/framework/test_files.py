import numpy as np
import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

import dli
from dli.aggregation import GeometricMean, PowerMean
from dli.errors import MethodError, ModelError
from dli.framework import Bands, Index, Indicator
from dli.framework.choices import read_choice, write_choice
from dli.weighting import AHP, Equal, Fixed

numbers = st.floats(-1e6, 1e6)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)


@st.composite
def indicators(draw, code):
    ends = draw(st.none() | st.tuples(numbers, numbers).filter(lambda e: e[0] != e[1]))
    sources = st.fixed_dictionaries(
        {},
        optional={"column": texts.filter(bool), "denominator": st.just("population")},
    ) | st.fixed_dictionaries({"constant": numbers | st.integers(-5, 5)})
    return Indicator(
        code,
        draw(texts),
        direction=1 if ends is None or ends[1] > ends[0] else -1,
        weight=draw(st.floats(0, 100)),
        goalposts=ends,
        target=draw(st.none() | numbers),
        scale=draw(st.none() | st.just((-1e7, 1e7))),
        unit_of_measure=draw(texts),
        description=draw(texts),
        **draw(sources),
    )


@st.composite
def indices(draw, code="T", depth=2):
    children = []
    for i in range(draw(st.integers(1, 3))):
        deeper = depth > 0 and draw(st.booleans())
        own = f"{code}{i}"
        children.append(draw(indices(own, depth - 1) if deeper else indicators(own)))
    return Index(
        code,
        children,
        draw(texts),
        weight=draw(st.floats(0, 10)),
        weighting=draw(st.sampled_from([None, Equal(), Fixed({f"{code}0": 1.0})])),
        aggregation=draw(st.sampled_from([None, GeometricMean(), PowerMean(2.0)])),
        bands=draw(st.sampled_from([None, Bands([0.5], ["low", "high"])])),
    )


@given(indices())
def test_an_index_survives_being_written_and_read(index):
    assert Index.from_dict(index.to_dict()) == index


def test_an_index_survives_the_file(tmp_path):
    index = Index(
        "T",
        [
            Index("A", [Indicator("a1", goalposts=(0, 5), description="two\nlines")]),
            Indicator("b", column="a 1"),
            Indicator("c", constant=np.float64(0.5)),
        ],
        bands=Bands([25, 50], ["low", "middle", "high"]),
        aggregation=PowerMean(-1.0),
    )
    index.save(tmp_path / "model.toml")
    assert Index.load(tmp_path / "model.toml") == index
    text = (tmp_path / "model.toml").read_text(encoding="utf-8")
    assert text.count("column = ") == text.count("constant = ") == 1  # defaults stay out


def _tables(*nodes, **index):
    return {"format": "dli-index/1", "index": {"code": "T", **index}, "node": list(nodes)}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({}, "must say format = 'dli-index/1', got None"),
        ([1], "must be a mapping with format = 'dli-index/1', got list"),
        ({"format": "dli-index/1", "nodes": []}, r"(?s)table \[nodes\] is unknown; did you mean 'node'.*\[index\], the top of the tree, is missing"),
        ({"format": "dli-index/1", "index": {"code": "T"}, "node": {}}, "must be an array of tables"),
        (_tables(), "the index 'T' has no children"),
        (_tables({"code": "a"}, {"code": "a"}), "code 'a' appears 2 times"),
        (_tables({"code": "a", "parent": "S"}), r"\[\[node\]\] 1 \(code 'a'\): no node has the code of its parent 'S'"),
        (_tables({"code": "a", "parent": "b"}, {"code": "b", "parent": "a"}, {"code": "c"}), "'b'\\) is its own ancestor"),
        (_tables({"code": "a", "parent": "a"}, {"code": "b"}), r"\[\[node\]\] 1 \(code 'a'\) is its own ancestor"),
        (_tables({"name": "no code"}), "key 'code' is missing"),
        (_tables({"code": ["a"], "parent": 1}), r"(?s)1: code must be text, got \['a'\].*1: parent must be text, got 1"),
        (_tables({"code": "a", "wieght": 1}), r"\(code 'a'\): key 'wieght' is unknown; did you mean 'weight'"),
        (_tables({"code": "a", "weight": "1"}), "key 'weight': expected a number, got '1'"),
        (_tables({"code": "a", "weight": True}), "key 'weight': expected a number, got True"),
        (_tables({"code": "a", "direction": 1.5}), "key 'direction': expected a whole number, got 1.5"),
        (_tables({"code": "a", "name": 5}), "key 'name': expected text, got 5"),
        (_tables({"code": "a", "goalposts": [1, "x"]}), "key 'goalposts': expected a number, got 'x'"),
        (_tables({"code": "a", "goalposts": [1, 2, 3]}), "key 'goalposts'"),
        (_tables({"code": "a", "goalposts": [1, 1]}), "goalposts must differ"),
        (_tables({"code": "a", "colum": "x"}), r"\(code 'a'\): key 'colum' is unknown; did you mean 'column'"),
        (_tables({"code": "a", "column": 5}), "key 'column': expected text, got 5"),
        (_tables({"code": "a", "constant": "1"}), "key 'constant': expected a number, got '1'"),
        (_tables({"code": "a", "column": "x", "constant": 1}), r"\(code 'a'\): column and constant exclude each other"),
        (_tables({"code": "A", "column": "x"}, {"code": "a", "parent": "A"}), r"\(code 'A'\): key 'column' is for indicators"),
        (_tables({"code": "a"}, bands={"thresholds": [1], "names": ["x"]}), "key 'bands': 1 thresholds need 2 names"),
        (_tables({"code": "a"}, bands={"thresholds": [1]}), "key 'names' is missing"),
        (_tables({"code": "a"}, weighting={"method": "Entropi"}), "no weighting method 'Entropi'; did you mean 'Entropy'"),
        (_tables({"code": "a"}, weighting="Equal"), "weighting must be a table such as"),
        (_tables({"code": "a"}, aggregation={"method": "PowerMean", "q": 1}), "PowerMean has no parameter 'q'"),
        (_tables({"code": "a"}, aggregation={"method": "PowerMean", "p": "x"}), "aggregation method PowerMean"),
        (_tables({"code": "a"}, weighting={"method": "Fixed"}), "weighting method Fixed"),
    ],
)  # fmt: skip
def test_a_broken_model_names_table_and_key(tables, message):
    with pytest.raises(ModelError, match=message):
        Index.from_dict(tables)


def test_all_faults_of_a_model_come_at_once():
    with pytest.raises(ModelError) as caught:
        Index.from_dict(_tables({"code": "a", "weight": -1}, {"code": "b", "nome": "x"}, wait=1))
    assert len(caught.value.faults) == 3


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "model.toml"
    with pytest.raises(ModelError, match=r"cannot read the model file '.*model.toml'"):
        Index.load(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match="not a model file in TOML"):
        Index.load(path)
    path.write_text("a = 1 b")
    with pytest.raises(ModelError, match=r"not a model file in TOML: .*line 1"):
        Index.load(path)
    path.write_text('format = "dli-index/1"\n[index]\ncode = "T"\n')
    with pytest.raises(
        ModelError, match=r"(?s)invalid model file .*model.toml': .*has no children"
    ):
        Index.load(path)


def test_parameters_at_their_default_stay_out_of_files():
    assert write_choice("aggregation", PowerMean(2.0)) == {"method": "PowerMean", "p": 2.0}
    assert write_choice("weighting", Equal()) == {"method": "Equal"}


def test_outside_objects_cannot_be_written():
    class Mine:
        def weights(self, values, children):
            """Never called here."""

    with pytest.raises(MethodError, match="not one of this library's weighting methods"):
        Index("T", [Indicator("a")], weighting=Mine()).to_dict()


def test_a_choice_within_a_choice_is_read_and_written(monkeypatch):
    @frozen
    class Outer:
        """A step that falls back on another."""

        fallback: object = None

        def aggregate(self, values, weights):
            """Never called here."""

    monkeypatch.setattr(dli.aggregation, "Outer", Outer, raising=False)
    monkeypatch.setattr(dli.aggregation, "__all__", [*dli.aggregation.__all__, "Outer"])
    table = {"method": "Outer", "fallback": {"method": "PowerMean", "p": 2.0}}
    choice = read_choice("aggregation", table)
    assert choice == Outer(PowerMean(2.0))
    assert write_choice("aggregation", choice) == table


def test_numbers_of_numpy_are_written_as_numbers(tmp_path):
    index = Index("T", [Indicator("a")], weighting=Fixed({"a": np.float32(0.5)}))
    index.save(tmp_path / "model.toml")
    assert Index.load(tmp_path / "model.toml").weighting == Fixed({"a": 0.5})


def test_judgements_are_read_and_written_as_pairs():
    scheme = AHP({("a", "b"): 3})
    table = write_choice("weighting", scheme)
    assert table == {"method": "AHP", "judgements": [["a", "b", 3]]}
    assert read_choice("weighting", table) == scheme


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ('{ code = "a", parnet = "T" }', "'parnet' is unknown; did you mean 'parent'"),
        ('{ code = "A", direction = -1 }, { code = "a", parent = "A" }',
         "'direction' is for indicators, but this node has children"),
        ('{ code = "A", goalposts = [0, 1] }, { code = "a", parent = "A" }',
         "'goalposts' is for indicators"),
        ('{ code = "a", parent = "t" }', "parent 't'; did you mean 'T'"),
    ],
)  # fmt: skip
def test_keys_in_the_wrong_place_are_told_where_they_belong(tmp_path, node, message):
    path = tmp_path / "m.toml"
    path.write_text(f'format = "dli-index/1"\nnode = [{node}]\n[index]\ncode = "T"\n')
    with pytest.raises(ModelError, match=message):
        Index.load(path)
