"""Parameters of the wrong kind in statistics, links and change are refused by name."""

import numpy as np
import pytest
from tests.multivariate.cases import assessment, panel

from dli import change, frames, links, multivariate
from dli.errors import DLIError, MethodError, UnknownCodeError
from dli.multivariate import arrays

OWN, PANEL = assessment(), panel()
X = np.array([[1.0, 3.0], [2.0, 1.0], [4.0, 2.0]])
PAIR = {"assessment": OWN, "others": {"z": OWN}}
PERIODS = {"period_before": 2020, "period_after": 2022}


OTHER_KINDS = [
    (lambda: arrays.correlations(X, method=["pearson"]), "method"),
    (lambda: arrays.correlations(X).pairs(above="high"), "above"),
    (lambda: arrays.correlations(X).pairs(below=None, above=np.nan), "above"),
    (lambda: arrays.correlations(X).pairs(below="low"), "below"),
    (lambda: arrays.correlations(X).significant("low"), "p_value"),
    (lambda: arrays.redundant_pairs(X, limit="high"), "limit"),
    (lambda: arrays.silent_indicators(X, [1, 2, 3], limit="low"), "limit"),
    (lambda: arrays.principal_components(X, names=3), "names"),
    (lambda: arrays.principal_components(X, names="ab"), "names"),
    (lambda: arrays.principal_components(X, names=["a"]), "names"),
    (lambda: arrays.cluster_indicators(X, n_clusters=1, names=["a"]), "names"),
    (lambda: arrays.cluster_indicators(X, n_clusters=1, linkage=1), "linkage"),
    (lambda: multivariate.Limits().flag("high", 5), "correlation"),
    (lambda: multivariate.Limits().flag(0.5, "many"), "n_units"),
    (lambda: multivariate.correlations(OWN, limits=0.9), "limits"),
    (lambda: multivariate.correlations("OWN"), "assessment"),
    (lambda: multivariate.with_ancestors(None), "assessment"),
    (lambda: multivariate.statistics({}), "assessment"),
    (lambda: multivariate.cronbach_alpha([]), "assessment"),
    (lambda: multivariate.principal_components(1), "assessment"),
    (lambda: multivariate.cluster_indicators(1, n_clusters=2), "assessment"),
    (lambda: links.with_variables(1, "people"), "assessment"),
    (lambda: links.with_variables(OWN, 5), "columns"),
    (lambda: links.with_assessments(1, {"z": OWN}), "assessment"),
    (lambda: change.trends(1), "assessment"),
    (lambda: change.period_changes(1, 2020, 2022), "assessment"),
    (lambda: change.dispersion(1), "assessment"),
    (lambda: change.convergence(1), "assessment"),
    (lambda: change.difference(1, "U", "V"), "assessment"),
    (lambda: change.change(1, PANEL, "U"), "before"),
    (lambda: change.rank_change(PANEL, 1, "U", **PERIODS), "after"),
    (lambda: change.compare(3), "assessments"),
    (lambda: change.compare({1: OWN, "z": OWN}), "assessments"),
    (lambda: change.compare([OWN, 3]), "assessments"),
]
NO_NAMES = [
    (lambda: links.with_variables(OWN, [None]), "column None"),
    (lambda: links.with_variables(OWN, "people", unit=X), "column array"),
    (lambda: links.with_assessments(**PAIR, node=X), "node in assessment z with code array"),
    (lambda: links.with_assessments(OWN, {1: OWN}, node="q"), "in assessment 1 with code 'q'"),
    (lambda: change.compare([OWN, OWN], node=X), "node in assessments 1, 2 with code array"),
    (lambda: change.period_changes(PANEL, X, 2022), "period array"),
    (lambda: change.convergence(PANEL, first=X), "period array"),
]


@pytest.mark.parametrize(("call", "parameter"), OTHER_KINDS, ids=map(str, range(len(OTHER_KINDS))))
def test_another_kind_is_refused_by_name(call, parameter):
    with pytest.raises(MethodError, match=rf"^{parameter} must be"):
        call()


@pytest.mark.parametrize(("call", "what"), NO_NAMES, ids=map(str, range(len(NO_NAMES))))
def test_what_cannot_be_a_name_is_not_found(call, what):
    with pytest.raises(UnknownCodeError, match=what):
        call()


def test_all_assessments_at_fault_are_named():
    with pytest.raises(DLIError) as caught:
        change.compare({"a": OWN, 1: OWN, "c": 3})
    assert [fault.partition(" is ")[0] for fault in caught.value.faults] == ["1", "'c'"]


def test_a_correlation_without_a_value_is_of_a_constant():
    assert multivariate.Limits().flag(np.nan, 5) == "constant"
    assert multivariate.Limits().flag(np.float64(0.2), np.int64(5)) == "weak"


def test_names_may_be_an_array():
    constant = np.array([[1.0, 3.0], [1.0, 4.0]])
    with pytest.raises(MethodError, match=r"- a$"):
        arrays.principal_components(constant, names=np.array(["a", "b"]))


def test_pairs_are_all_by_default_in_the_order_of_both_tables():
    table = frames.read(links.with_variables(OWN, ["people", "d"], ["a", "b"]))
    assert table.column("first") == ["a", "a", "b", "b"]
    assert table.column("second") == ["people", "d", "people", "d"]
