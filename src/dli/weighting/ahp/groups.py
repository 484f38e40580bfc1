"""Judgements of several people: joined, compared, and drawn from."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.arrays import as_floats
from dli.checks import generator, whole_number
from dli.errors import MethodError
from dli.weighting.ahp.judgements import plain
from dli.weighting.ahp.priorities import Priorities
from dli.weighting.ahp.scheme import AHP, FORMULAS, as_codes, judge_each
from dli.weighting.by_code import numbers_by_code
from dli.weighting.protocol import ELICITED, Floats, Node, Traits

__all__ = [
    "GroupAHP",
    "GroupPriorities",
    "group_consensus",
    "group_judgements",
    "group_priorities",
]


def _expert_shares(expert_weights: ArrayLike | None, n_experts: int) -> Floats:
    if expert_weights is None:
        return np.full(n_experts, 1 / n_experts)
    q = as_floats(expert_weights, "expert weights")
    if q.shape != (n_experts,) or not (np.isfinite(q) & (q >= 0)).all() or not q.sum() > 0:
        msg = (
            f"expert weights must be {n_experts} numbers of at least 0, not all 0; got {q.tolist()}"
        )
        raise MethodError(msg)
    return np.asarray(q / q.sum())


def group_judgements(matrices: ArrayLike, expert_weights: ArrayLike | None = None) -> Floats:
    r"""Return the judgements of experts joined by their weighted geometric mean.

    :math:`g_{ij} = \prod_e (a_{ij}^{(e)})^{q_e}`, the only mean that keeps reciprocity.

    Parameters
    ----------
    matrices : array_like of shape (n_experts, n, n)
        Positive. NaN is a missing judgement of an expert: the others share the weight.
    expert_weights : array_like of shape (n_experts,), optional
        Not negative; they are scaled to sum to one. By default all count the same.

    Returns
    -------
    ndarray of shape (n, n)
        NaN where nobody judged.

    Raises
    ------
    MethodError
        Matrices that are not square or not positive, or weights that do not fit.

    References
    ----------
    Aczél, J. and Saaty, T. L. (1983), Procedures for synthesizing ratio judgements.
    https://doi.org/10.1016/0022-2496(83)90028-7

    Examples
    --------
    >>> group_judgements([[[1, 2], [1 / 2, 1]], [[1, 8], [1 / 8, 1]]]).round(6).tolist()
    [[1.0, 4.0], [0.25, 1.0]]
    """
    a = as_floats(matrices, "judgements")
    if a.ndim != 3 or a.shape[1] != a.shape[2] or a.size == 0:
        msg = f"judgements of a group must have shape (n_experts, n, n), got {a.shape}"
        raise MethodError(msg)
    bad = np.argwhere((a <= 0) | np.isinf(a)).tolist()
    if bad:
        msg = "judgements must be numbers above zero"
        raise MethodError(msg, [f"expert {e}, ({i}, {j}): {a[e, i, j]:g}" for e, i, j in bad])
    q = _expert_shares(expert_weights, len(a))[:, np.newaxis, np.newaxis]
    judged = ~np.isnan(a) * q
    total = judged.sum(axis=0)
    logs = np.einsum("eij,eij->ij", judged, np.log(np.where(np.isnan(a), 1.0, a)))
    return np.where(total > 0, np.exp(logs / np.where(total > 0, total, 1.0)), np.nan)


def group_priorities(
    priorities: ArrayLike,
    expert_weights: ArrayLike | None = None,
    *,
    mean: Literal["arithmetic", "geometric"] = "arithmetic",
) -> Floats:
    """Return the priorities of experts joined by a weighted mean.

    Parameters
    ----------
    priorities : array_like of shape (n_experts, n)
        Above zero, rows summing to one.
    expert_weights : array_like of shape (n_experts,), optional
    mean : {"arithmetic", "geometric"}
        The geometric one is scaled to sum to one.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    MethodError
        An unknown mean, or weights that do not fit.

    References
    ----------
    Forman, E. and Peniwati, K. (1998), Aggregating individual judgments and priorities with the
    analytic hierarchy process. https://doi.org/10.1016/S0377-2217(97)00244-0

    Examples
    --------
    >>> group_priorities([[0.8, 0.2], [0.4, 0.6]], [3, 1]).round(3).tolist()
    [0.7, 0.3]
    """
    if mean not in ("arithmetic", "geometric"):
        msg = f"mean must be arithmetic or geometric, got {mean!r}"
        raise MethodError(msg)
    w = as_floats(priorities, "priorities")
    q = _expert_shares(expert_weights, len(w))
    joined = q @ w if mean == "arithmetic" else np.exp(q @ np.log(w))
    return np.asarray(joined / joined.sum())


def group_consensus(priorities: ArrayLike, expert_weights: ArrayLike | None = None) -> float:
    r"""Return Goepel's consensus of experts, from 0 (none) to 1 (all agree).

    With the mean entropy :math:`H_\alpha` of the experts' priorities, the entropy
    :math:`H_\gamma` of their mean priorities and :math:`H_\beta = H_\gamma - H_\alpha`,
    :math:`S = (e^{-H_\beta} - m) / (1 - m)`, where :math:`m = e^{H_{\alpha, min}} / n` and
    :math:`H_{\alpha, min}` is the entropy of one item that counts nine times as much as any other.

    Parameters
    ----------
    priorities : array_like of shape (n_experts, n)
        Above zero, rows summing to one.
    expert_weights : array_like of shape (n_experts,), optional

    Returns
    -------
    float
        1 for a single expert or a single item.

    References
    ----------
    Goepel, K. D. (2013), Implementing the analytic hierarchy process as a standard method for
    multi-criteria decision making in corporate enterprises, ISAHP 2013; the bound of
    :math:`H_\gamma` is the :math:`\ln n` of his later note, which a group of any size can reach.

    Examples
    --------
    >>> round(group_consensus([[0.6, 0.4], [0.6, 0.4]]), 6)
    1.0
    >>> abs(round(group_consensus([[0.9, 0.1], [0.1, 0.9]]), 6))
    0.0
    """
    w = as_floats(priorities, "priorities")
    n = w.shape[1]
    if n == 1:
        return 1.0
    q = _expert_shares(expert_weights, len(w))
    mean = q @ w
    beta = -(mean @ np.log(mean)) + q @ (w * np.log(w)).sum(axis=1)
    most = 9 / (n + 8)
    least = 1 / (n + 8)
    lowest = np.exp(-most * np.log(most) - (n - 1) * least * np.log(least)) / n
    return float((np.exp(-beta) - lowest) / (1 - lowest))


@frozen(kw_only=True, eq=False)
class GroupPriorities:
    """Weights of a group, and how far its members are consistent and agree with one another.

    Attributes
    ----------
    weights : ndarray of shape (n,)
    experts : dict of str to Priorities
        Those of each expert.
    joined : Priorities
        Of the joined judgements.
    consensus : float
        From 0 to 1; see `group_consensus`.
    """

    weights: Floats
    experts: dict[str, Priorities]
    joined: Priorities
    consensus: float


def _experts(experts: Any) -> dict[str, Any]:
    if not isinstance(experts, Mapping) or not experts:
        msg = f"experts must be a mapping of names to judgements, got {experts!r}"
        raise MethodError(msg)
    return {name: plain(judgements) for name, judgements in experts.items()}


def _by_name(weights: Any) -> dict[str, float] | None:
    return None if weights is None else numbers_by_code("expert weights", weights, least=0)


@frozen
class GroupAHP:
    """Weights by the pairwise judgements of several experts.

    Doubtful judgements of an expert, or of all joined, give a warning, as from `AHP`.

    Parameters
    ----------
    experts : mapping of str to judgements
        By name, each as for `AHP`. An expert may leave pairs out, if the rest joins all items.
    items : sequence of str, optional
        The codes of the matrices' rows.
    expert_weights : mapping of str to float, optional
        By name; all experts count the same when there are none.
    join : {"judgements", "arithmetic priorities", "geometric priorities"}
        Whether the judgements are joined, by `group_judgements` (for a group that decides as one),
        or each expert's priorities, by `group_priorities` (for a group of many minds).
    method, limit, random_index, strict, completion
        As for `AHP`; the limit holds for the joined judgements and for those of each expert.

    Raises
    ------
    MethodError
        No experts, an unknown option, or expert weights that are not numbers of at least 0, one
        for each expert and not all 0. For judgements, the errors of `AHP`.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = GroupAHP({"Ann": [["a", "b", 2]], "Bob": [["a", "b", 8]]})
    >>> scheme.weights(np.zeros((1, 2)), [Indicator("a"), Indicator("b")]).round(3).tolist()
    [0.8, 0.2]
    """

    traits: ClassVar[Traits] = ELICITED

    experts: dict[str, Any] = field(converter=_experts)
    items: tuple[str, ...] | None = field(default=None, converter=as_codes)
    expert_weights: dict[str, float] | None = field(default=None, converter=_by_name)
    join: str = "judgements"
    method: str = "eigenvector"
    limit: float = 0.10
    random_index: str = "saaty-1980"
    strict: bool = False
    completion: str = "eigenvalue"

    def __attrs_post_init__(self) -> None:
        ways = ("judgements", "arithmetic priorities", "geometric priorities")
        if self.join not in ways:
            msg = f"join must be one of {', '.join(ways)}, got {self.join!r}"
            raise MethodError(msg)
        self._schemes()
        odd = sorted(set(self.experts) ^ set(self.expert_weights or self.experts))
        if odd:
            msg = "expert weights must name the experts, all of them and no others"
            raise MethodError(msg, [repr(name) for name in odd])
        self._shares()

    def _shares(self) -> Floats:
        weights = self.expert_weights
        ordered = None if weights is None else [weights[name] for name in self.experts]
        return _expert_shares(ordered, len(self.experts))

    def _schemes(self) -> dict[str, AHP]:
        return {name: self._scheme(judgements) for name, judgements in self.experts.items()}

    def _scheme(self, judgements: Any, items: Sequence[str] | None = None) -> AHP:
        return AHP(
            judgements,
            items or self.items,
            self.method,
            limit=self.limit,
            random_index=self.random_index,
            strict=self.strict,
            completion=self.completion,
        )

    def _matrices(self, codes: Sequence[str]) -> Floats:
        """Return the matrix of each expert, halves filled from their reciprocals."""
        matrices = np.stack([scheme.matrix(codes) for scheme in self._schemes().values()])
        filled = np.isnan(matrices)
        return np.asarray(np.where(filled, 1 / matrices.swapaxes(1, 2), matrices))

    def priorities(self, codes: Sequence[str]) -> GroupPriorities:
        """Return the group's weights, each expert's, and the consensus, without any warning."""
        own = {name: scheme.priorities(codes) for name, scheme in self._schemes().items()}
        return self._joined(own, self._joint(codes).priorities(codes))

    def _joint(self, codes: Sequence[str]) -> AHP:
        return self._scheme(group_judgements(self._matrices(codes), self._shares()), codes)

    def _joined(self, own: dict[str, Priorities], joined: Priorities) -> GroupPriorities:
        each, shares = np.stack([result.weights for result in own.values()]), self._shares()
        weights = joined.weights
        if self.join != "judgements":
            mean: Any = self.join.split()[0]
            weights = group_priorities(each, shares, mean=mean)
        consensus = group_consensus(each, shares)
        return GroupPriorities(weights=weights, experts=own, joined=joined, consensus=consensus)

    def expert_priorities(self, codes: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the share of each expert, summing to one, and the weights by each."""
        each = [scheme.priorities(codes).weights for scheme in self._schemes().values()]
        return self._shares(), np.stack(each)

    def sample_weights(self, codes: Sequence[str], n_samples: int, *, rng: Any = None) -> Floats:
        """Return drawn weights, each judgement from one of the experts at random.

        Parameters and result are those of `AHP.sample_weights`.
        """
        matrices, shares, random = self._matrices(codes), self._shares(), generator(rng)
        n, n_samples = len(codes), whole_number("n_samples", n_samples, 1)
        drawn = np.ones((n_samples, n, n))
        for i, j in zip(*np.triu_indices(n, 1), strict=True):
            judged = np.where(np.isnan(matrices[:, i, j]), 0.0, shares)
            if not judged.sum() > 0:
                drawn[:, i, j] = np.nan
            else:
                chosen = random.choice(len(matrices), n_samples, p=judged / judged.sum())
                drawn[:, i, j] = matrices[chosen, i, j]
            drawn[:, j, i] = 1 / drawn[:, i, j]
        scheme = next(iter(self._schemes().values()))
        return scheme.solve(drawn, codes).weights

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the group's weights of the children; warn of doubtful judgements."""
        codes = [child.code for child in children]
        own = judge_each(self._schemes(), lambda _: codes)
        return self._joined(own, self._joint(codes).judged_priorities(codes, "of all")).weights

    def describe(self) -> str:
        """Return a sentence with the formula."""
        how = (
            r"judgements joined by $\prod_e (a_{ij}^{(e)})^{q_e}$"
            if self.join == "judgements"
            else f"judgements of each, joined as {self.join}"
        )
        return (
            f"Analytic hierarchy process of {len(self.experts)} experts: weights are "
            f"{FORMULAS[self.method]} of pairwise {how}; a consistency ratio up to "
            f"{self.limit:g} is accepted."
        )
