"""The data of the explorer's page: what it holds, and what it refuses."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.report.pages import HOSTILE, Page, hostile

from dli import (
    Assessment,
    Coverage,
    Index,
    Indicator,
    Method,
    aggregation,
    datasets,
    imputation,
    models,
)
from dli import normalisation as n
from dli import weighting as w
from dli.errors import DataError, DLIWarning, FileError, MethodError, UnknownCodeError
from dli.report import explorer


def data_of(page):
    """Read the data of a page as its script does."""
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


def node_of(page, code):
    return next(node for node in data_of(page)["nodes"] if node["code"] == code)


def small(**method):
    index = Index("T", [Index("A", [Indicator("a"), Indicator("b")]), Indicator("c")], "Trial")
    data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5, 9, None], "c": [2, 2.5, 4]}
    return Assessment(index, data, method=Method(**method))


def test_the_page_holds_normalised_values_and_weights():
    index = Index("T", [Indicator("a", weight=3), Indicator("b")])
    data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5, None, 7]}
    top, a, b = data_of(explorer(Assessment(index, data)))["nodes"]
    assert top["children"] == [1, 2]
    assert top["weights"] == [0.75, 0.25]
    assert top["order"] == 1
    assert a["values"] == [0, 100, 50]
    assert b["values"] == [0, None, 100]
    assert a["ends"] == [0, 100]


def test_fixed_ends_keep_values_in_their_unit_of_measure():
    index = Index(
        "T",
        [
            Indicator("a", goalposts=(0, 10), unit_of_measure="years"),
            Indicator("b", goalposts=(1, 100)),
            Indicator("c", scale=(0, 4)),
            Indicator("d", direction=-1),
            Indicator("e"),
            Indicator("f"),
            Indicator("g", goalposts=(0, 10)),
        ],
    )
    data = {"unit": ["X", "Y"]} | {code: [1, 3.5] for code in "abcdefg"}
    choices = {
        "b": n.Goalposts(log=True),
        "c": n.Scaled(),
        "d": n.Unscaled(),
        "e": n.MinMax(worst=0, best=5),
    }
    method = Method(normalisation=choices, decimals={"g": 1})
    page = explorer(Assessment(index, data, method=method))
    lines = {code: node_of(page, code).get("line") for code in "abcdefg"}
    ends = {"start": 0, "span": 10, "low": 0, "high": 100}
    assert lines["a"] == ends | {"cut": [True, True]}
    assert lines["b"]["log"] is True
    assert_allclose(lines["b"]["span"], np.log(100))
    assert lines["c"] == ends | {"span": 4}
    assert lines["d"] == {"start": 0, "span": -1, "low": 0, "high": 1}
    assert lines["e"]["span"] == 5
    assert lines["f"] is None  # its ends are those of the data
    assert lines["g"]["decimals"] == 1
    assert node_of(page, "a")["values"] == [1, 3.5]
    assert node_of(page, "a")["measure"] == "years"
    assert node_of(page, "f")["values"] == [0, 100]


def test_values_after_a_treatment_or_too_close_for_a_line_are_normalised():
    from dli.treatment import Winsorise

    index = Index(
        "T", [Indicator("a", goalposts=(0, 10)), Indicator("b", goalposts=(1e200, 3e200))]
    )
    data = {"unit": ["X", "Y"], "a": [1, 3], "b": [1e200, 2e200]}
    page = explorer(Assessment(index, data, method=Method(treatment={"a": Winsorise()})))
    assert "line" not in node_of(page, "a")
    assert "line" not in node_of(page, "b")
    assert_allclose(node_of(page, "b")["values"], [0, 50])


def test_values_of_which_few_differ_stand_once():
    index = Index("T", [Indicator("a"), Indicator("b")])
    values = [0.12345, 7.25, None, *[7.25, 0.12345] * 5]
    data = {"unit": [f"u{i}" for i in range(13)], "a": values, "b": [0.5] * 13}
    page = explorer(Assessment(index, data, method=Method(normalisation=n.Unscaled())))
    node = node_of(page, "a")
    assert node["values"] == [0.12345, 7.25]
    assert node["places"] == [0, 1, None, *[1, 0] * 5]


def test_values_have_15_significant_digits_and_stay_finite():
    most = 1.7976931348623157e308
    index = Index("T", [Indicator("a")])
    data = {"unit": list("XYZ"), "a": [0.1 + 0.2, 2 / 3, most]}
    page = explorer(Assessment(index, data, method=Method(normalisation=n.Unscaled())))
    assert node_of(page, "a")["values"] == [0.3, 0.666666666666667, most]


def test_a_geometric_mean_with_zeros_is_marked():
    product = aggregation.Product(total=1)
    assert node_of(explorer(small(aggregation={"A": product})), "A")["product"] is True
    assert "product" not in node_of(explorer(small()), "A")


def test_the_page_of_193_governments_is_small():
    data = datasets.load("digital-government")
    assessment = Assessment(models.load("dli-public"), data, unit="iso3")
    assert len(explorer(assessment, map=False, lang="fr").encode()) < 135_000
    assert len(explorer(assessment, map=False).encode()) < 118_000


def test_rules_for_missing_values():
    assert node_of(explorer(small()), "A")["needed"] == 0
    assert node_of(explorer(small(coverage=0.5)), "A")["needed"] == 1
    assert node_of(explorer(small(missing="propagate")), "A")["needed"] == 2
    counted = node_of(explorer(small(coverage=Coverage(number=2, of="indicators"))), "A")
    assert counted["least"] == 2
    assert counted["measured"] == [3, 4]


def test_constants_do_not_count():
    index = Index("T", [Indicator("a"), Indicator("k", constant=1)])
    data = {"unit": ["X", "Y"], "a": [1, 3]}
    method = Method(normalisation={"k": n.Unscaled()})
    top = node_of(explorer(Assessment(index, data, method=method)), "T")
    assert (top["least"], top["measured"]) == (1, [1])


@pytest.mark.parametrize(
    ("choice", "order"),
    [
        (aggregation.GeometricMean(), 0),
        (aggregation.Product(total=1), 0),
        (aggregation.Minimum(), "-Infinity"),
        (aggregation.PowerMean(0.5), 0.5),
    ],
)
def test_power_means(choice, order):
    page = explorer(small(aggregation={"A": choice}, normalisation=n.MinMax(1, 100)))
    assert node_of(page, "A")["order"] == order


def test_rounded_scores():
    assert node_of(explorer(small(decimals={"A": 1})), "A")["decimals"] == 1


def test_normalised_scores_with_fixed_ends():
    assessment = small(normalisation={"A": n.MinMax(0, 10, worst=0, best=100)})
    line = {"start": 0, "span": 100, "low": 0, "high": 10, "cut": [True, True]}
    assert node_of(explorer(assessment), "A")["line"] == line
    # That of the top comes after its scores.
    assert "line" not in node_of(explorer(small(normalisation={"T": n.ZScore()})), "T")


def test_everything_that_the_page_cannot_compute_is_named():
    assessment = small(
        weighting={"T": w.BenefitOfTheDoubt()},
        aggregation={"A": aggregation.Sum()},
        normalisation={"A": n.ZScore(100, 10)},
        node_imputation={"A": imputation.ColumnMean()},
    )
    with pytest.raises(MethodError, match=r"computes scores in the reader's browser") as caught:
        explorer(assessment)
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        "the weighting BenefitOfTheDoubt of 'T', which gives each unit its own weights",
        "the aggregation Sum of 'A'",
        "the node_imputation ColumnMean of 'A', which takes scores from other units",
        "the normalisation ZScore of the scores of 'A', which depends on other units",
    ]


def test_an_order_next_to_zero_is_refused():
    assessment = small(aggregation=aggregation.PowerMean(1e-3), normalisation=n.MinMax(1, 2))
    with pytest.raises(MethodError, match=r"the aggregation PowerMean of 'T': use a power mean"):
        explorer(assessment)


def test_a_node_below_can_be_explored_alone():
    assessment = small(aggregation={"T": aggregation.Sum()})
    page = explorer(assessment, node="A", title="Only A")
    assert [node["code"] for node in data_of(page)["nodes"]] == ["A", "a", "b"]
    assert "<h1>Only A</h1>" in page
    assert "<title>Trial</title>" in explorer(small())
    assert "<h1>A</h1>" in explorer(assessment, node="A")


def test_one_of_several_periods():
    index = Index("T", [Indicator("a")])
    data = {"unit": ["X", "Y", "X"], "year": [2023, 2024, 2024], "a": [1, 2, 3]}
    assessment = Assessment(index, data, period="year")
    page = data_of(explorer(assessment, period=2024))
    assert page["units"] == ["Y", "X"]
    assert page["nodes"][1]["values"] == [50, 100]
    assert page["period"] == "2024"
    with pytest.raises(MethodError, match=r"several periods: choose one of 2023, 2024"):
        explorer(assessment)


def test_groups_and_names():
    index = Index("T", [Indicator("a")])
    data = {"unit": [1, "1", 2], "name": ["One", "Uno", "Two"], "side": ["S", None, "N"]}
    with pytest.warns(DLIWarning, match="look alike"):
        assessment = Assessment(index, data | {"a": [1, 2, 3]})
    page = data_of(explorer(assessment, group="side"))
    assert page["group"] == {"column": "side", "names": ["N", "S"], "of": [1, -1, 0]}
    assert page["units"] == ["1", "'1'", "2"]  # the text of a link names one unit
    assert page["names"] == ["One", "Uno", "Two"]
    data |= {"unit": ["1", "3", "2"], "name": ["One", "One", None]}
    page = data_of(explorer(Assessment(index, data | {"a": [1, 2, 3]})))
    assert page["names"] == ["One (1)", "One (3)", "2"]
    assert "group" not in page


def test_wrong_arguments():
    assessment = small()
    with pytest.raises(MethodError, match=r"title must be text, got 3"):
        explorer(assessment, title=3)
    with pytest.raises(UnknownCodeError, match=r"'B'"):
        explorer(assessment, node="B")
    with pytest.raises(MethodError, match=r"'a'"):
        explorer(assessment, node="a")
    with pytest.raises(UnknownCodeError, match=r"'region'"):
        explorer(assessment, group="region")
    empty = Index("T", [Indicator("a"), Indicator("b")])
    data = {"unit": ["X", "Y"], "a": [1, None], "b": [None, 1]}
    nobody = Assessment(empty, data, method=Method(missing="propagate", normalisation=n.Unscaled()))
    with pytest.raises(DataError, match=r"no unit has a score at 'T'"):
        explorer(nobody)


def test_the_page_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "explorer.html"
    assert explorer(small(), path) is None
    assert path.read_text(encoding="utf-8") == explorer(small())
    with pytest.raises(FileError, match="nowhere"):
        explorer(small(), tmp_path / "nowhere" / "explorer.html")


def test_only_the_page_s_own_script_and_style_may_run():
    page = explorer(hostile(), group="place")
    policy = Page(page).of("meta")[1]["content"]
    for kind in ("script", "style"):
        (text,) = re.findall(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_scores_that_are_based_on_few_indicators_are_marked():
    index = Index("T", [Indicator(code) for code in "abc"])
    data = {"unit": ["X", "Y", "Z"], "a": [1, 3, 2], "b": [5, 9, None], "c": [2, 2.5, None]}
    page = data_of(explorer(Assessment(index, data)))
    assert page["marks"] == {"2": "*"}
    assert page["note"] == "* Based on fewer than half of its indicators."
    assert "marks" not in data_of(explorer(small()))


def test_names_full_of_markup_stay_text():
    page = explorer(hostile(), group="place")
    assert page.count("<script") == 2
    names = {tag for tag, _ in Page(page).tags}
    assert not names & {"img", "link", "b", "i", "iframe", "a"}
    data = data_of(page)
    assert data["units"] == HOSTILE
    assert "<" not in re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1]
    separators = explorer(
        Assessment(Index("T", [Indicator("a")]), {"unit": ["\u2028", "<!--"], "a": [1, 2]})
    )
    assert "\u2028" not in separators
    assert data_of(separators)["units"] == ["\u2028", "<!--"]
