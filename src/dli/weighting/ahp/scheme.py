"""The analytic hierarchy process as a weighting scheme, and down a hierarchy."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import evolve, field, frozen

from dli.checks import number
from dli.errors import InconsistentJudgementsError, MethodError
from dli.weighting.ahp.consistency import check_consistency, warn_of_scale
from dli.weighting.ahp.judgements import are_pairs, bounds, codes_in, draw_judgements, plain
from dli.weighting.ahp.priorities import Priorities, check_options, priorities_of
from dli.weighting.ahp.revision import Revision, revisions
from dli.weighting.nominal import nested_weights
from dli.weighting.protocol import ELICITED, Floats, Node, Traits

__all__ = ["AHP", "FORMULAS", "Hierarchy", "ahp_hierarchy", "as_codes", "judge_each"]

FORMULAS = {
    "eigenvector": r"the eigenvector $A w = \lambda_{max} w$",
    "geometric": r"the row geometric means $w_i \propto \prod_j a_{ij}^{1/n}$",
    "normalised columns": (
        r"the means of normalised columns $w_i \propto \sum_j a_{ij} / \sum_k a_{kj}$"
    ),
}


def as_codes(items: Any) -> tuple[str, ...] | None:
    """Return codes as a tuple, or None."""
    return None if items is None else tuple(items)


@frozen
class AHP:
    """Weights by `ahp_priorities`, with codes.

    Judgements beyond 1/9 to 9, also as ends of intervals, and a consistency ratio above the limit
    give a warning.

    Parameters
    ----------
    judgements : matrix, mapping or list of pairs
        A square matrix; or ``{("DS", "DV"): 3}``, also as ``[["DS", "DV", 3]]``: DS counts three
        times as much as DV. One direction of each pair is enough. Instead of a number there may be
        an interval ``[2, 4]``, whose geometric middle is used for the weights. Pairs that are left
        out, None or NaN are missing.
    items : sequence of str, optional
        The codes of a matrix's rows; by default the children in their order.
    method, random_index, completion
        As for `ahp_priorities`.
    limit : float
        A consistency ratio above it gives a warning.
    strict : bool
        Whether a consistency ratio above the limit is an error.

    Raises
    ------
    MethodError
        Judgements that are not numbers above zero, or an unknown option. When it weighs: a matrix
        that is not reciprocal, or codes that are not those of the children.
    InconsistentJudgementsError
        When it weighs: a pair judged in two ways, groups of items that no judgement joins, or
        ``strict`` and a consistency ratio above the limit.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = AHP({("a", "b"): 2, ("b", "c"): 3, ("a", "c"): 6})
    >>> children = [Indicator("a"), Indicator("b"), Indicator("c")]
    >>> scheme.weights(np.zeros((1, 3)), children).round(6).tolist()
    [0.6, 0.3, 0.1]
    """

    traits: ClassVar[Traits] = ELICITED

    judgements: Any = field(converter=plain)
    items: tuple[str, ...] | None = field(default=None, converter=as_codes)
    method: str = "eigenvector"
    limit: float = 0.10
    random_index: str = "saaty-1980"
    strict: bool = False
    completion: str = "eigenvalue"

    def __attrs_post_init__(self) -> None:
        number("limit", self.limit, least=0)
        check_options(self.method, self.completion, self.random_index)

    @property
    def codes(self) -> tuple[str, ...] | None:
        """The codes that the judgements name, None for a matrix without them."""
        return codes_in(self.judgements) if are_pairs(self.judgements) else self.items

    def bounds(self, codes: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the ends of the judgements of items in an order, NaN for those that are missing.

        Two arrays of shape (n, n), equal where a judgement is not an interval.
        """
        return bounds(self.judgements, self.items, tuple(codes))

    def matrix(self, codes: Sequence[str]) -> Floats:
        """Return the judgements of items in an order, NaN for those that are missing."""
        low, high = self.bounds(codes)
        return np.asarray(np.sqrt(low * high))

    def priorities(self, codes: Sequence[str]) -> Priorities:
        """Return weights and consistency for items in an order, without any warning."""
        return self.solve(self.matrix(codes), codes)

    def solve(self, matrices: Floats, codes: Sequence[str]) -> Priorities:
        """Return weights and consistency of other matrices by this scheme's method."""
        return priorities_of(
            matrices,
            codes,
            method=self.method,
            completion=self.completion,
            table=self.random_index,
        )

    def judged_priorities(self, codes: Sequence[str], whose: str = "") -> Priorities:
        """Return weights and consistency for items in an order; warn of doubtful judgements.

        ``whose`` is what the warning calls the judgements, such as "of Ann".
        """
        warn_of_scale(*self.bounds(codes), codes, whose)
        result = self.priorities(codes)
        what = f"{whose} on {', '.join(codes)}".strip()
        check_consistency(result.consistency_ratio, self.limit, what, strict=self.strict)
        return result

    def revisions(self, codes: Sequence[str]) -> tuple[Revision, ...]:
        """Return the judgements ranked by how far they are from the priorities."""
        ranked = revisions(
            self.matrix(codes), completion=self.completion, random_index=self.random_index
        )
        return tuple(evolve(r, first=codes[r.first], second=codes[r.second]) for r in ranked)

    def sample_weights(self, codes: Sequence[str], n_samples: int, *, rng: Any = None) -> Floats:
        """Return the weights from judgements drawn within their intervals.

        Parameters
        ----------
        codes : sequence of str
        n_samples : int
        rng : int, numpy.random.SeedSequence, numpy.random.Generator or None

        Returns
        -------
        ndarray of shape (n_samples, n)
        """
        low, high = self.bounds(codes)
        warn_of_scale(low, high, codes)
        return self.solve(draw_judgements(low, high, n_samples, rng), codes).weights

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the priorities of the children; warn of doubtful judgements."""
        return self.judged_priorities([child.code for child in children]).weights

    def describe(self) -> str:
        """Return a sentence with the formula."""
        return (
            f"Analytic hierarchy process: weights are {FORMULAS[self.method]} of pairwise "
            f"judgements; a consistency ratio up to {self.limit:g} is accepted."
        )


@frozen(kw_only=True, eq=False)
class Hierarchy:
    """Priorities at every node of a hierarchy, and the effective weights that follow.

    Attributes
    ----------
    local : dict of str to Priorities
        By node, in the order of its items.
    effective : dict of str to float
        By code, as by `nested_weights`; 1 at the root.
    """

    local: dict[str, Priorities]
    effective: dict[str, float]


def judge_each(
    schemes: Mapping[str, AHP], codes: Callable[[AHP], Sequence[str]]
) -> dict[str, Priorities]:
    """Return the priorities of several judgements by name; raise for all that fail together."""
    results, failed = {}, []
    for name, scheme in schemes.items():
        try:
            results[name] = scheme.judged_priorities(codes(scheme), f"of {name}")
        except InconsistentJudgementsError as error:
            failed.append(error)
    if len(failed) == 1:
        raise failed[0]
    if failed:
        msg = "several judgements contradict themselves or have no common scale"
        faults = ["; ".join([error.summary, *error.faults]) for error in failed]
        raise InconsistentJudgementsError(msg, faults)
    return results


def ahp_hierarchy(root: str, judgements: Mapping[str, AHP]) -> Hierarchy:
    """Return the effective weights of a hierarchy with one set of judgements for each node.

    Parameters
    ----------
    root : str
    judgements : mapping of str to AHP
        By node; each names its items, by pairs or by ``items``. Items without judgements of their
        own are leaves, and may be below several nodes, as alternatives are below all criteria.

    Returns
    -------
    Hierarchy
        Doubtful judgements of a node give a warning, as from `AHP`.

    Raises
    ------
    MethodError
        A root without judgements, a matrix without items, or a node that is above itself.
    InconsistentJudgementsError
        A node's judgements are ``strict`` and their consistency ratio is above the limit.

    Examples
    --------
    >>> judged = {
    ...     "index": AHP([["A", "B", 3]]),
    ...     "A": AHP([["a", "b", 1]]),
    ... }
    >>> effective = ahp_hierarchy("index", judged).effective
    >>> {code: round(weight, 3) for code, weight in effective.items()}
    {'index': 1.0, 'A': 0.75, 'a': 0.375, 'b': 0.375, 'B': 0.25}
    """
    faults = [f"{node}: its items are not named" for node, s in judgements.items() if not s.codes]
    if root not in judgements:
        faults.append(f"the root {root!r} has no judgements")
    if faults:
        msg = "every node of a hierarchy must name its items"
        raise MethodError(msg, faults)
    local = judge_each(judgements, lambda scheme: scheme.codes or ())
    shares = {
        node: dict(zip(judgements[node].codes or (), own.weights.tolist(), strict=True))
        for node, own in local.items()
    }
    return Hierarchy(local=local, effective=nested_weights(root, shares))
