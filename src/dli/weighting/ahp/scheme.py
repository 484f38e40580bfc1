"""The analytic hierarchy process as a weighting scheme, and down a hierarchy."""

from collections.abc import Mapping, Sequence
from typing import Any
from warnings import warn

import numpy as np
from attrs import evolve, field, frozen

from dli.errors import DLIWarning, InconsistentJudgementsError, MethodError
from dli.weighting.ahp.judgements import are_pairs, bounds, codes_in, plain, sample_judgements
from dli.weighting.ahp.priorities import Priorities, ahp_priorities, check_method, priorities_of
from dli.weighting.ahp.random_index import random_index as random_index_of
from dli.weighting.ahp.revision import Revision, revisions
from dli.weighting.protocol import Floats, Node

__all__ = ["AHP", "FORMULAS", "Hierarchy", "ahp_hierarchy", "judge"]

FORMULAS = {
    "eigenvector": r"the eigenvector $A w = \lambda_{max} w$",
    "geometric": r"the row geometric means $w_i \propto \prod_j a_{ij}^{1/n}$",
    "normalised columns": (
        r"the means of normalised columns $w_i \propto \sum_j a_{ij} / \sum_k a_{kj}$"
    ),
}
# The scale of Saaty (1980): 1 equal, 3 moderately, 5 strongly, 7 very strongly, 9 extremely more.
_SCALE = 9.0


def as_codes(items: Any) -> tuple[str, ...] | None:
    return None if items is None else tuple(items)


@frozen
class AHP:
    """Weigh children by pairwise judgements.

    The data play no part, missing values neither. Judgements must be positive, and codes those of
    children of the node; a pair judged in two ways, or groups of items that no judgement joins,
    are errors. Judgements beyond 1/9 to 9 and a consistency ratio above the limit are warnings.

    Parameters
    ----------
    judgements : matrix, mapping or list of pairs
        A square matrix; or ``{("DS", "DV"): 3}``, also as ``[["DS", "DV", 3]]``: DS counts three
        times as much as DV. Of pairs one direction is enough. In place of a number an interval
        ``[2, 4]`` may stand, its geometric middle taken for the weights. Pairs that are left out,
        None or NaN are missing; they are filled so that the largest eigenvalue is least.
    items : sequence of str, optional
        The codes of a matrix's rows; by default the children in their order.
    method : {"eigenvector", "geometric", "normalised columns"}
    limit : float
        A consistency ratio above it is a warning.
    random_index : {"saaty-1980", "saaty-2005", "donegan-dodd", "alonso-lamata"}
    strict : bool
        Make a consistency ratio above the limit an error.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = AHP({("a", "b"): 2, ("b", "c"): 3, ("a", "c"): 6})
    >>> children = [Indicator("a"), Indicator("b"), Indicator("c")]
    >>> scheme.weights(np.zeros((1, 3)), children).round(6).tolist()
    [0.6, 0.3, 0.1]
    """

    judgements: Any = field(converter=plain)
    items: tuple[str, ...] | None = field(default=None, converter=as_codes)
    method: str = "eigenvector"
    limit: float = 0.10
    random_index: str = "saaty-1980"
    strict: bool = False

    def __attrs_post_init__(self) -> None:
        check_method(self.method)
        random_index_of(1, self.random_index)

    @property
    def codes(self) -> tuple[str, ...] | None:
        """The codes that the judgements name, None for a matrix without them."""
        return codes_in(self.judgements) if are_pairs(self.judgements) else self.items

    def bounds(self, codes: Sequence[str]) -> tuple[Floats, Floats]:
        """Give the ends of the judgements of items in an order, NaN for those that are missing.

        Returns
        -------
        low, high : ndarray of shape (n, n)
            Equal where a judgement is no interval.
        """
        return bounds(self.judgements, self.items, tuple(codes))

    def matrix(self, codes: Sequence[str]) -> Floats:
        """Give the judgements of items in an order, NaN for those that are missing."""
        low, high = self.bounds(codes)
        return np.asarray(np.sqrt(low * high))

    def priorities(self, codes: Sequence[str]) -> Priorities:
        """Give weights and consistency for items in an order, without any warning.

        Parameters
        ----------
        codes : sequence of str

        Raises
        ------
        MethodError
            Judgements that are no positive reciprocal matrix, or are not about these items.
        InconsistentJudgementsError
            A pair judged in two ways, or groups of items that no judgement joins.
        """
        matrix = self.matrix(codes)
        return priorities_of(matrix, codes, method=self.method, random_index=self.random_index)

    def revisions(self, codes: Sequence[str]) -> tuple[Revision, ...]:
        """Rank the judgements by how far they are from the priorities, the farthest first."""
        found = revisions(self.matrix(codes), random_index=self.random_index)
        return tuple(evolve(r, first=codes[r.first], second=codes[r.second]) for r in found)

    def sample_weights(self, codes: Sequence[str], n_samples: int, *, rng: Any = None) -> Floats:
        """Draw the weights that judgements within their intervals give.

        Parameters
        ----------
        codes : sequence of str
        n_samples : int
        rng : int or numpy.random.Generator, optional

        Returns
        -------
        ndarray of shape (n_samples, n)
        """
        low, high = self.bounds(codes)
        drawn = sample_judgements(low, high, n_samples, rng=rng)
        return ahp_priorities(drawn, method=self.method).weights  # type: ignore[arg-type]

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Give the priorities of the children, and warn of doubtful judgements."""
        codes = [child.code for child in children]
        warn_of_scale(self.matrix(codes), codes)
        priorities = self.priorities(codes)
        judge(
            priorities.consistency_ratio, self.limit, f"on {', '.join(codes)}", strict=self.strict
        )
        return priorities.weights

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return (
            f"Analytic hierarchy process: weights are {FORMULAS[self.method]} of pairwise "
            f"judgements; a consistency ratio up to {self.limit:g} is accepted."
        )


def warn_of_scale(matrix: Floats, codes: Sequence[str]) -> None:
    """Warn of judgements beyond Saaty's scale."""
    with np.errstate(invalid="ignore"):
        beyond = np.argwhere(np.triu(np.abs(np.log(matrix)) > np.log(_SCALE) + 1e-9))
    if beyond.size:
        pairs = ", ".join(f"({codes[i]}, {codes[j]}): {matrix[i, j]:g}" for i, j in beyond.tolist())
        msg = f"judgements beyond the scale from 1/9 to 9: {pairs}"
        warn(msg, DLIWarning, stacklevel=3)


def judge(ratio: float, limit: float, whose: str, *, strict: bool) -> None:
    """Warn of a consistency ratio above a limit, or refuse it."""
    if ratio > limit:
        msg = f"the judgements {whose} have a consistency ratio of {ratio:.3f}, above {limit:g}"
        if strict:
            raise InconsistentJudgementsError(msg)
        warn(msg, DLIWarning, stacklevel=3)


@frozen(kw_only=True, eq=False)
class Hierarchy:
    """Priorities at every node of a hierarchy, and what they make of its leaves.

    Attributes
    ----------
    local : dict of str to Priorities
        By node, in the order of its items.
    effective : dict of str to float
        By code: products of local priorities on the way down, summed over parents; 1 at the root.
    """

    local: dict[str, Priorities]
    effective: dict[str, float]


def ahp_hierarchy(root: str, judgements: Mapping[str, AHP]) -> Hierarchy:
    """Give the effective weights of a hierarchy with one set of judgements a node.

    Parameters
    ----------
    root : str
    judgements : mapping of str to AHP
        By node; each names its items, by pairs or by ``items``. Items without judgements of their
        own are leaves, and may stand under several nodes.

    Returns
    -------
    Hierarchy

    Raises
    ------
    MethodError
        A root without judgements, a matrix without items, or a node that stands above itself.

    Examples
    --------
    >>> judged = {
    ...     "index": AHP([["A", "B", 3]]),
    ...     "A": AHP([["a", "b", 1]]),
    ... }
    >>> found = ahp_hierarchy("index", judged)
    >>> {code: round(weight, 3) for code, weight in found.effective.items()}
    {'index': 1.0, 'A': 0.75, 'a': 0.375, 'b': 0.375, 'B': 0.25}
    """
    faults = [f"{node}: its items are not named" for node, s in judgements.items() if not s.codes]
    if root not in judgements:
        faults.append(f"the root {root!r} has no judgements")
    if faults:
        msg = "every node of a hierarchy must name its items"
        raise MethodError(msg, faults)
    local = {node: scheme.priorities(scheme.codes or ()) for node, scheme in judgements.items()}
    effective: dict[str, float] = {}

    def descend(code: str, weight: float, above: tuple[str, ...]) -> None:
        if code in above:
            msg = f"a node must not stand above itself: {' > '.join((*above, code))}"
            raise MethodError(msg)
        effective[code] = effective.get(code, 0.0) + weight
        if code in judgements:
            items = judgements[code].codes or ()
            for item, share in zip(items, local[code].weights.tolist(), strict=True):
                descend(item, weight * share, (*above, code))

    descend(root, 1.0, ())
    return Hierarchy(local=local, effective=effective)
