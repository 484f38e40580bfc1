"""The analytic hierarchy process as a weighting scheme, and for a whole hierarchy."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import evolve, field, frozen

from dli.checks import text_faults
from dli.errors import MethodError
from dli.weighting.ahp.consistency import check_consistency, ratio_in_words, warn_of_scale
from dli.weighting.ahp.judgements import bounds, draw_judgements, middles
from dli.weighting.ahp.priorities import (
    Priorities,
    check_limit,
    check_options,
    check_reciprocal,
    priorities_of,
)
from dli.weighting.ahp.reading import are_pairs, codes_in, read_judgements
from dli.weighting.ahp.revision import Revision, ranked
from dli.weighting.by_code import Elicited, check_known, codes_of, mapping_of, of_each
from dli.weighting.nominal import nested_weights
from dli.weighting.protocol import Floats

__all__ = [
    "AHP",
    "CONTRADICTORY",
    "FORMULAS",
    "Hierarchy",
    "Member",
    "ahp_hierarchy",
    "as_items",
    "check_scheme",
]

CONTRADICTORY = "several sets of judgements are inconsistent or invalid"
FORMULAS = {
    "eigenvector": r"the eigenvector $A w = \lambda_{max} w$",
    "geometric": r"the row geometric means $w_i \propto \prod_j a_{ij}^{1/n}$",
    "normalised columns": (
        r"the means of normalised columns $w_i \propto \sum_j a_{ij} / \sum_k a_{kj}$"
    ),
}


def as_items(items: Any) -> tuple[str, ...] | None:
    """Return codes as a tuple, or None."""
    return None if items is None else codes_of("items", items)


@frozen
class AHP(Elicited):
    """Weights by `ahp_priorities`, with codes.

    A warning is issued for judgements outside 1/9 to 9, including the ends of intervals, when the
    object is created and when weights are computed, and for a consistency ratio above the limit
    when weights are computed.

    Parameters
    ----------
    judgements : matrix, mapping, list of pairs or data frame
        A square matrix; or pairs, where both ``{("DS", "DV"): 3}`` and ``[["DS", "DV", 3]]`` mean
        that DS is three times as important as DV. One direction of each pair is sufficient. An
        interval such as ``[2, 4]`` may replace a number; weights are computed from its geometric
        midpoint. Pairs that are left out, None, NaN or masked are missing.

        A pandas, polars or pyarrow frame contains pairs if it has three columns, the first two of
        text. Otherwise it is a matrix, and the codes are its column names and its row labels (the
        pandas index, or a first column of text), in any order. If only the rows or only the columns
        have labels, these apply to both; without labels, rows and columns are in the order of
        ``items``.
    items : sequence of str, optional
        The codes of the rows of a matrix; by default those of the children, in their order.
    method, limit, random_index, strict, completion
        As for `ahp_priorities`.

    Raises
    ------
    MethodError
        Judgements of an unsupported type, such as a string or a set, or that are not positive
        numbers from 1e-100 to 1e100; a matrix that is not square and reciprocal, or whose labels
        differ; items that are not different codes, one for each row; or options that
        `ahp_priorities` rejects. When weights are computed: codes that are not those of the
        children, or a missing pair for which the other judgements imply a value outside that range.
    InconsistentJudgementsError
        A pair with two different judgements. When weights are computed: groups of items that no
        judgement connects, or, if ``strict`` is True, a consistency ratio above the limit.

    Examples
    --------
    >>> scheme = AHP({("a", "b"): 2, ("b", "c"): 3, ("a", "c"): 6})
    >>> scheme.priorities(["a", "b", "c"]).weights.round(6).tolist()
    [0.6, 0.3, 0.1]
    """

    judgements: Any = field(converter=read_judgements)
    items: tuple[str, ...] | None = field(default=None, converter=as_items)
    method: str = "eigenvector"
    limit: float = 0.10
    random_index: str = "saaty-1980"
    strict: bool = False
    completion: str = "eigenvalue"

    def __attrs_post_init__(self) -> None:
        check_scheme(self)

    @property
    def codes(self) -> tuple[str, ...] | None:
        """The codes of the items that were judged; None for a matrix without codes."""
        return codes_in(self.judgements) if are_pairs(self.judgements) else self.items

    def bounds(self, codes: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the lower and upper ends of the judgements on ``codes``, NaN if missing.

        Both arrays have shape (n, n), with the items in the order of ``codes``.
        """
        return bounds(self.judgements, self.items, codes)

    def matrix(self, codes: Sequence[str]) -> Floats:
        """Return the matrix of judgements in the order of ``codes``, NaN for missing ones."""
        return middles(*self.bounds(codes))

    def priorities(self, codes: Sequence[str]) -> Priorities:
        """Return weights and consistency for items in the order of ``codes``, without warnings."""
        codes = codes_of("codes", codes, text=True)
        return self.solve(self.matrix(codes), codes)

    def solve(self, matrices: Floats, codes: Sequence[str]) -> Priorities:
        """Return weights and consistency for other matrices, with the options of this scheme."""
        method, completion, table = self.method, self.completion, self.random_index
        return priorities_of(matrices, codes, method=method, completion=completion, table=table)

    def judged_priorities(self, codes: Sequence[str], whose: str = "") -> Priorities:
        """Return weights and consistency for items in an order; warn about doubtful judgements.

        ``codes`` is the order of the items, and ``whose`` describes the judgements in the warning,
        such as "of Ann".
        """
        codes = codes_of("codes", codes, text=True)
        warn_of_scale(*self.bounds(codes), codes, whose)
        result = self.priorities(codes)
        what = f"{whose} on {', '.join(codes)}".strip()
        check_consistency(result.consistency_ratio, self.limit, what, strict=self.strict)
        return result

    def revisions(self, codes: Sequence[str]) -> tuple[Revision, ...]:
        """Return the judgements ranked by their distance from the priorities, largest first."""
        codes = codes_of("codes", codes, text=True)
        options = {"completion": self.completion, "random_index": self.random_index}
        by_place = ranked(self.matrix(codes), **options)
        return tuple(evolve(r, first=codes[r.first], second=codes[r.second]) for r in by_place)

    def sample_weights(self, codes: Sequence[str], n_samples: int, *, rng: Any = None) -> Floats:
        """Return weights, of shape (n_samples, n), for judgements drawn from their intervals.

        Raises a MethodError for codes that are not those of the judgements, a number of samples
        below 1, or an ``rng`` that is not a number, a NumPy seed sequence or generator, or None.
        """
        codes = codes_of("codes", codes, text=True)
        low, high = self.bounds(codes)
        warn_of_scale(low, high, codes)
        return self.solve(draw_judgements(low, high, n_samples, rng), codes).weights

    def _weigh(self, codes: Sequence[str]) -> Floats:
        return self.judged_priorities(codes).weights

    def describe(self) -> str:
        """Return a sentence with the formula."""
        return (
            f"Analytic hierarchy process: weights are {FORMULAS[self.method]} of pairwise "
            f"judgements; a consistency ratio up to {self.limit:g} is accepted."
        )

    def describe_at(self, codes: Sequence[str]) -> str:
        """Return the judgements on the children of a node, and their consistency ratio, as text."""
        matrix = self.matrix(codes)
        pairs = [
            f"{codes[i]} to {codes[j]} {matrix[i, j]:.3g}"
            for i in range(len(codes))
            for j in range(i + 1, len(codes))
            if not np.isnan(matrix[i, j])
        ]
        ratio = float(self.priorities(codes).consistency_ratio)
        return f"Judgements: {'; '.join(pairs)}. {ratio_in_words(ratio, self.limit)}"


class Member(AHP):
    """Judgements of one expert in a group; the group checks them and adds the name to warnings."""

    __slots__ = ()

    def __attrs_post_init__(self) -> None:
        """Do nothing, as the group checks the judgements."""


def check_scheme(scheme: AHP, whose: str = "") -> None:
    """Raise for invalid judgements and options; warn about judgements beyond the scale."""
    check_limit(scheme.limit, scheme.strict)
    check_options(scheme.method, scheme.completion, scheme.random_index)
    judgements, codes = scheme.judgements, scheme.codes
    if are_pairs(judgements) and scheme.items is not None:
        check_known("judgements", codes_in(judgements), scheme.items)
    if codes is None:
        codes = tuple(str(i) for i in range(len(judgements)))
    low, high = bounds(judgements, codes, codes)
    check_reciprocal(middles(low, high)[np.newaxis], codes)
    # This function and two of attrs are between the warning and the caller.
    warn_of_scale(low, high, codes, whose, depth=5)


@frozen(kw_only=True, eq=False)
class Hierarchy:
    """Priorities at every node of a hierarchy, and the resulting effective weights.

    Attributes
    ----------
    local : dict of str to Priorities
        The priorities at each node, in the order of its items.
    effective : dict of str to float
        The effective weights by code, as by `nested_weights`; 1 at the root.
    """

    local: dict[str, Priorities]
    effective: dict[str, float]


def ahp_hierarchy(root: str, judgements: Mapping[str, AHP]) -> Hierarchy:
    """Return the priorities and effective weights of a hierarchy with judgements at each node.

    Parameters
    ----------
    root : str
        The code of the node at the top, which is the goal.
    judgements : mapping of str to AHP
        The judgements by node. Each `AHP` must name its items, in its pairs or in ``items``. Items
        without an entry of their own are leaves, and may be below several nodes, as alternatives
        are below all criteria.

    Raises
    ------
    MethodError
        Judgements that are not a mapping of codes to `AHP`, a root without judgements, a matrix
        without items, or a node that is its own ancestor. As in `AHP`, doubtful judgements at a
        node cause a warning, or an error if ``strict`` is True.

    Examples
    --------
    >>> judged = {"index": AHP([["A", "B", 3]]), "A": AHP([["a", "b", 1]])}
    >>> effective = ahp_hierarchy("index", judged).effective
    >>> {code: round(weight, 3) for code, weight in effective.items()}
    {'index': 1.0, 'A': 0.75, 'a': 0.375, 'b': 0.375, 'B': 0.25}
    """
    schemes = mapping_of("judgements", judgements, "AHP")
    faults = list(text_faults(root=root))
    faults += [
        f"{node}: must be an AHP, got {scheme!r}"
        for node, scheme in schemes.items()
        if not isinstance(scheme, AHP)
    ]
    if faults:
        msg = "a hierarchy needs the code of its root and an AHP for each node"
        raise MethodError(msg, faults)
    codes = {node: scheme.codes or () for node, scheme in schemes.items()}
    faults = [f"{node}: its items are not named" for node, items in codes.items() if not items]
    if root not in schemes:
        faults.append(f"the root {root!r} has no judgements")
    if faults:
        msg = "every node of a hierarchy must name its items"
        raise MethodError(msg, faults)
    local: dict[str, Priorities] = of_each(
        CONTRADICTORY, schemes, lambda node, s: s.judged_priorities(codes[node], f"of {node}")
    )
    shares = {
        node: dict(zip(codes[node], priorities.weights.tolist(), strict=True))
        for node, priorities in local.items()
    }
    return Hierarchy(local=local, effective=nested_weights(root, shares))
