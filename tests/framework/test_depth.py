"""Trees of any depth up to the limit work; Python's own limit on recursion is 1,000 frames."""

import copy
import pickle

import pytest

from dli.aggregation import GeometricMean
from dli.errors import ModelError
from dli.framework import Bands, Index, Indicator
from dli.framework.index import MAX_DEPTH
from dli.weighting import Equal

pytestmark = pytest.mark.once


def _chain(depth):
    node = Indicator("leaf")
    for level in reversed(range(depth)):
        node = Index(f"n{level}", [node, Indicator(f"i{level}")])
    return node


@pytest.fixture(scope="module")
def chain():
    return _chain(600)


def test_a_deep_tree_is_walked(chain):
    assert sum(1 for _ in chain.walk()) == 1201
    assert chain.level("leaf") == 600
    assert chain.parent("leaf").code == "n599"
    assert len(chain.indicators) == 601
    assert chain.indicators[0].code == "leaf"


def test_a_deep_tree_is_shown(chain):
    lines = chain.tree().splitlines()
    assert len(lines) == 1201
    assert [line.split()[0] for line in (lines[0], lines[-1])] == ["n0", "└──"]
    assert [line.split()[-2] for line in (lines[0], lines[-1])] == ["601", "i0"]
    assert len(repr(chain).splitlines()) < 70
    html = chain._repr_html_()
    assert html.count("<details") == html.count("</details>") == 600


def test_a_deep_tree_is_changed(chain):
    weighted = chain.with_weights({"leaf": 2, "n300": 3})
    assert (weighted.find("leaf").weight, weighted.find("n300").weight) == (2, 3)
    assert len(chain.without("n300", "leaf").indicators) == 300
    replaced = chain.replace("leaf", Indicator("other"))
    assert replaced.indicators[0].code == "other"
    assert replaced != chain


def test_a_deep_tree_is_saved_and_loaded(chain, tmp_path):
    chain.save(tmp_path / "model.toml")
    assert Index.load(tmp_path / "model.toml") == chain
    table = {
        "code": [node.code for node in chain.walk()],
        "parent": [getattr(chain.parent(node.code), "code", None) for node in chain.walk()],
    }
    assert Index.from_table(table) == chain


def test_a_deep_tree_is_pickled_copied_and_hashed(chain):
    assert pickle.loads(pickle.dumps(chain)) == chain  # noqa: S301 our own bytes
    assert copy.deepcopy(chain) == chain
    assert hash(copy.deepcopy(chain)) == hash(chain)


def test_copies_keep_every_field_and_the_order_of_children():
    index = Index(
        "T",
        [
            Index("A", [Indicator("a1"), Indicator("a2", weight=3)], weight=2, description="x"),
            Indicator("c"),
            Index("B", [Index("BB", [Indicator("b1")]), Indicator("b2")]),
        ],
        "Top",
        weighting=Equal(),
        aggregation=GeometricMean(),
        bands=Bands([1], ["low", "high"]),
    )
    same = pickle.loads(pickle.dumps(index))  # noqa: S301 our own bytes
    assert same.to_dict() == index.to_dict()


def test_equality_looks_at_the_whole_tree():
    index = Index("T", [Index("A", [Indicator("a"), Indicator("b")]), Index("B", [Indicator("c")])])
    assert index == copy.deepcopy(index)
    assert index != index.with_weights({"c": 2})
    assert index != Index(
        "T", [Index("A", [Indicator("a")]), Index("B", [Indicator("b"), Indicator("c")])]
    )
    assert index != Indicator("T")
    assert index != "T"


def test_a_tree_beyond_the_limit_is_refused():
    deepest = _chain(MAX_DEPTH)
    assert deepest.level("leaf") == MAX_DEPTH
    with pytest.raises(ModelError, match=f"it has more than {MAX_DEPTH} levels below it"):
        Index("T", [deepest])


def test_a_file_beyond_the_limit_is_refused():
    nodes = [{"code": f"n{i}", "parent": f"n{i - 1}"} for i in range(1, 5_001)]
    tables = {"format": "dli-index/1", "index": {"code": "n0"}, "node": nodes}
    with pytest.raises(ModelError, match=f"it has more than {MAX_DEPTH} levels below it"):
        Index.from_dict(tables)
