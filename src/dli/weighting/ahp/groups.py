"""Judgements of several people: joined, compared, and drawn from."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.errors import MethodError
from dli.weighting.ahp.judgements import plain
from dli.weighting.ahp.priorities import Priorities, ahp_priorities
from dli.weighting.ahp.scheme import AHP, FORMULAS, as_codes, judge
from dli.weighting.protocol import Floats, Node

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
    q = np.asarray(expert_weights, dtype=np.float64)
    if q.shape != (n_experts,) or not (np.isfinite(q) & (q >= 0)).all() or not q.sum() > 0:
        msg = (
            f"expert weights must be {n_experts} numbers of at least 0, not all 0; got {q.tolist()}"
        )
        raise MethodError(msg)
    return np.asarray(q / q.sum())


def group_judgements(matrices: ArrayLike, expert_weights: ArrayLike | None = None) -> Floats:
    r"""Join the judgements of experts by their weighted geometric mean.

    :math:`g_{ij} = \prod_e (a_{ij}^{(e)})^{q_e}`, the only mean that keeps reciprocity.

    Parameters
    ----------
    matrices : array_like of shape (n_experts, n, n)
        Positive. NaN is a judgement that an expert did not make: the others share the weight.
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
    a = np.asarray(matrices, dtype=np.float64)
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
    """Join the priorities of experts by a weighted mean.

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
    w = np.asarray(priorities, dtype=np.float64)
    q = _expert_shares(expert_weights, len(w))
    joined = q @ w if mean == "arithmetic" else np.exp(q @ np.log(w))
    return np.asarray(joined / joined.sum())


def group_consensus(priorities: ArrayLike, expert_weights: ArrayLike | None = None) -> float:
    r"""Give Goepel's consensus of experts, from 0 (none) to 1 (all of one mind).

    With the mean entropy :math:`H_\alpha` of the experts' priorities, the entropy
    :math:`H_\gamma` of their mean priorities and :math:`H_\beta = H_\gamma - H_\alpha`,
    :math:`S = (e^{-H_\beta} - m) / (1 - m)`, where :math:`m = e^{H_{\alpha, min}} / n` and
    :math:`H_{\alpha, min}` is the entropy of one item that counts nine times any other.

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
    w = np.asarray(priorities, dtype=np.float64)
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
    """Weights of a group, and how far its members agree with themselves and with one another.

    Attributes
    ----------
    weights : ndarray of shape (n,)
    experts : dict of str to Priorities
        Each expert's own.
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
    return None if weights is None else dict(weights)


@frozen
class GroupAHP:
    """Weigh children by the pairwise judgements of several experts.

    Parameters
    ----------
    experts : mapping of str to judgements
        By name, each as `AHP` takes them. An expert may leave pairs out, as long as the rest joins
        all items.
    items : sequence of str, optional
        The codes of the matrices' rows.
    expert_weights : mapping of str to float, optional
        By name; all experts count the same when there are none.
    join : {"judgements", "arithmetic priorities", "geometric priorities"}
        Whether the judgements are joined (for a group that decides as one) or each expert's own
        priorities (for a group of many minds).
    method, limit, random_index, strict
        As for `AHP`; the limit is held against the joined judgements and against each expert's.

    Examples
    --------
    >>> from dli import Indicator
    >>> scheme = GroupAHP({"Ann": [["a", "b", 2]], "Bob": [["a", "b", 8]]})
    >>> scheme.weights(np.zeros((1, 2)), [Indicator("a"), Indicator("b")]).round(3).tolist()
    [0.8, 0.2]
    """

    experts: dict[str, Any] = field(converter=_experts)
    items: tuple[str, ...] | None = field(default=None, converter=as_codes)
    expert_weights: dict[str, float] | None = field(default=None, converter=_by_name)
    join: str = "judgements"
    method: str = "eigenvector"
    limit: float = 0.10
    random_index: str = "saaty-1980"
    strict: bool = False

    def __attrs_post_init__(self) -> None:
        ways = ("judgements", "arithmetic priorities", "geometric priorities")
        if self.join not in ways:
            msg = f"join must be one of {', '.join(ways)}, got {self.join!r}"
            raise MethodError(msg)
        self._schemes()
        if self.expert_weights is not None:
            odd = sorted(set(self.experts) ^ set(self.expert_weights))
            if odd:
                msg = "expert weights must name the experts, all of them and no others"
                raise MethodError(msg, [repr(name) for name in odd])
            _expert_shares(self._shares(), len(self.experts))

    def _shares(self) -> list[float] | None:
        given = self.expert_weights
        return None if given is None else [given[name] for name in self.experts]

    def _schemes(self) -> dict[str, AHP]:
        return {
            name: AHP(judgements, self.items, self.method, random_index=self.random_index)
            for name, judgements in self.experts.items()
        }

    def priorities(self, codes: Sequence[str]) -> GroupPriorities:
        """Give the group's weights, each expert's, and the consensus, without any warning.

        Parameters
        ----------
        codes : sequence of str
        """
        schemes = self._schemes()
        own = {name: scheme.priorities(codes) for name, scheme in schemes.items()}
        matrices = np.stack([_both_halves(scheme.matrix(codes)) for scheme in schemes.values()])
        joined = ahp_priorities(
            group_judgements(matrices, self._shares()),
            method=self.method,  # type: ignore[arg-type]
            random_index=self.random_index,
        )
        each = np.stack([found.weights for found in own.values()])
        weights = joined.weights
        if self.join != "judgements":
            mean: Any = self.join.split()[0]
            weights = group_priorities(each, self._shares(), mean=mean)
        consensus = group_consensus(each, self._shares())
        return GroupPriorities(weights=weights, experts=own, joined=joined, consensus=consensus)

    def expert_priorities(self, codes: Sequence[str]) -> tuple[Floats, Floats]:
        """Give the share of each expert and the weights each gives.

        Returns
        -------
        shares : ndarray of shape (n_experts,)
            Summing to one.
        weights : ndarray of shape (n_experts, n)
        """
        each = [scheme.priorities(codes).weights for scheme in self._schemes().values()]
        return _expert_shares(self._shares(), len(each)), np.stack(each)

    def sample_weights(self, codes: Sequence[str], n_samples: int, *, rng: Any = None) -> Floats:
        """Draw weights, each judgement taken from one of the experts at random.

        Parameters
        ----------
        codes : sequence of str
        n_samples : int
        rng : int or numpy.random.Generator, optional

        Returns
        -------
        ndarray of shape (n_samples, n)
        """
        schemes = self._schemes().values()
        matrices = np.stack([_both_halves(scheme.matrix(codes)) for scheme in schemes])
        shares = _expert_shares(self._shares(), len(matrices))
        generator = np.random.default_rng(rng)
        n = len(codes)
        drawn = np.ones((n_samples, n, n))
        for i, j in zip(*np.triu_indices(n, 1), strict=True):
            said = np.where(np.isnan(matrices[:, i, j]), 0.0, shares)
            if not said.sum() > 0:
                drawn[:, i, j] = np.nan
            else:
                chosen = generator.choice(len(matrices), n_samples, p=said / said.sum())
                drawn[:, i, j] = matrices[chosen, i, j]
            drawn[:, j, i] = 1 / drawn[:, i, j]
        return ahp_priorities(drawn, method=self.method).weights  # type: ignore[arg-type]

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Give the group's weights of the children, and warn of contradictory judgements."""
        codes = [child.code for child in children]
        found = self.priorities(codes)
        what = f"on {', '.join(codes)}"
        for name, own in found.experts.items():
            judge(own.consistency_ratio, self.limit, f"of {name} {what}", strict=self.strict)
        judge(found.joined.consistency_ratio, self.limit, f"of all {what}", strict=self.strict)
        return found.weights

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
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


def _both_halves(matrix: Floats) -> Floats:
    """Fill a missing judgement from its reciprocal."""
    return np.asarray(np.where(np.isnan(matrix), 1 / matrix.T, matrix))
