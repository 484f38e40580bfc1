"""The analytic hierarchy process with several experts as a weighting scheme."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen

from dli.checks import generator
from dli.errors import MethodError
from dli.weighting.ahp.consistency import ratio_in_words
from dli.weighting.ahp.joining import (
    expert_shares,
    group_consensus,
    group_priorities,
    mean_judgements,
)
from dli.weighting.ahp.priorities import Priorities
from dli.weighting.ahp.reading import read_judgements
from dli.weighting.ahp.scheme import AHP, CONTRADICTORY, FORMULAS, Member, as_items, check_scheme
from dli.weighting.by_code import (
    Elicited,
    codes_of,
    count_of,
    mapping_of,
    numbers_by_code,
    of_each,
    one_of,
    raise_together,
)
from dli.weighting.protocol import Floats

__all__ = ["GroupAHP", "GroupPriorities"]

_WAYS = ("judgements", "arithmetic priorities", "geometric priorities")
_SEVERAL = "the judgements of several experts are invalid"


@frozen(kw_only=True, eq=False)
class GroupPriorities:
    """Weights of a group, and how far its members are consistent and agree with one another.

    Attributes
    ----------
    weights : ndarray of shape (n,)
        The weights, which sum to one.
    experts : dict of str to Priorities
        The priorities of each expert, by name.
    joined : Priorities
        The priorities of the joined judgements.
    consensus : float
        The consensus of the experts, from 0 to 1; see `group_consensus`.
    """

    weights: Floats
    experts: dict[str, Priorities]
    joined: Priorities
    consensus: float


def _experts(experts: Any) -> dict[str, Any]:
    if not isinstance(experts, Mapping) or not experts:
        msg = f"experts must be a mapping of names to judgements, got {experts!r}"
        raise MethodError(msg)
    by_name = mapping_of("experts", experts)
    return of_each(
        _SEVERAL,
        by_name,
        lambda name, judgements: read_judgements(judgements, f"judgements of {name}"),
    )


def _by_name(weights: Any) -> dict[str, float] | None:
    return None if weights is None else numbers_by_code("expert weights", weights, least=0)


@frozen
class GroupAHP(Elicited):
    """Weights from the pairwise judgements of several experts.

    The warnings of `AHP` are issued for the judgements of each expert and for the joined
    judgements.

    Parameters
    ----------
    experts : mapping of str to judgements
        The judgements by name of the expert, each as for `AHP`. An expert may leave pairs out if
        the remaining pairs connect all items.
    items : sequence of str, optional
        The codes of the rows of the matrices.
    expert_weights : mapping of str to float, optional
        The weights of the experts by name; equal by default.
    join : {"judgements", "arithmetic priorities", "geometric priorities"}
        Whether to join the judgements, by `group_judgements` (for a group that decides as one), or
        the priorities of each expert, by `group_priorities` (for a group of separate individuals).
    method, limit, random_index, strict, completion
        As for `AHP`; the limit applies to the joined judgements and to those of each expert.

    Raises
    ------
    MethodError
        Experts that are not a mapping of names to judgements, or an empty mapping; an unknown
        ``join``; or expert weights that are not numbers of at least 0, one for each expert and not
        all 0. All other errors are those of `AHP`, raised in the same situations, for each expert
        and for the joined judgements.

    Examples
    --------
    >>> scheme = GroupAHP({"Ann": [["a", "b", 2]], "Bob": [["a", "b", 8]]})
    >>> scheme.priorities(["a", "b"]).weights.round(3).tolist()
    [0.8, 0.2]
    """

    experts: dict[str, Any] = field(converter=_experts)
    items: tuple[str, ...] | None = field(default=None, converter=as_items)
    expert_weights: dict[str, float] | None = field(default=None, converter=_by_name)
    join: str = "judgements"
    method: str = "eigenvector"
    limit: float = 0.10
    random_index: str = "saaty-1980"
    strict: bool = False
    completion: str = "eigenvalue"

    def __attrs_post_init__(self) -> None:
        one_of("join", self.join, _WAYS)
        failed = []
        for name, scheme in self._schemes().items():
            try:
                check_scheme(scheme, f"of {name}")
            except MethodError as error:
                failed.append(type(error)(f"{name}: {error.summary}", error.faults))
        raise_together(_SEVERAL, failed)
        weights = self.experts if self.expert_weights is None else self.expert_weights
        unmatched = sorted(set(self.experts) ^ set(weights))
        if unmatched:
            msg = "expert weights must contain every expert and no other names"
            raise MethodError(msg, [repr(name) for name in unmatched])
        self._shares()

    def _shares(self) -> Floats:
        weights = self.expert_weights
        ordered = None if weights is None else [weights[name] for name in self.experts]
        return expert_shares(ordered, len(self.experts))

    def _schemes(self) -> dict[str, AHP]:
        return {name: self._scheme(judgements) for name, judgements in self.experts.items()}

    def _scheme(self, judgements: Any, items: Sequence[str] | None = None) -> AHP:
        return Member(
            judgements,
            items or self.items,
            self.method,
            limit=self.limit,
            random_index=self.random_index,
            strict=self.strict,
            completion=self.completion,
        )

    def _matrices(self, codes: Sequence[str]) -> Floats:
        return np.stack([scheme.matrix(codes) for scheme in self._schemes().values()])

    def priorities(self, codes: Sequence[str]) -> GroupPriorities:
        """Return the weights of the group and of each expert, and the consensus, without warnings.

        The weights are in the order of ``codes``.
        """
        codes = codes_of("codes", codes, text=True)
        by_expert = {name: scheme.priorities(codes) for name, scheme in self._schemes().items()}
        return self._joined(by_expert, self._joint(codes).priorities(codes))

    def _joint(self, codes: Sequence[str]) -> AHP:
        return self._scheme(mean_judgements(self._matrices(codes), self._shares()), codes)

    def _joined(self, by_expert: dict[str, Priorities], joined: Priorities) -> GroupPriorities:
        each, shares = np.stack([result.weights for result in by_expert.values()]), self._shares()
        weights = joined.weights
        if self.join != "judgements":
            mean: Any = self.join.split()[0]
            weights = group_priorities(each, shares, mean=mean)
        consensus = group_consensus(each, shares)
        return GroupPriorities(
            weights=weights, experts=by_expert, joined=joined, consensus=consensus
        )

    def expert_priorities(self, codes: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the shares of the experts, which sum to one, and the weights from each expert."""
        each = [scheme.priorities(codes).weights for scheme in self._schemes().values()]
        return self._shares(), np.stack(each)

    def sample_weights(self, codes: Sequence[str], n_samples: int, *, rng: Any = None) -> Floats:
        """Return weights as by `AHP.sample_weights`, with each judgement from a random expert."""
        codes = codes_of("codes", codes, text=True)
        matrices, shares, random = self._matrices(codes), self._shares(), generator(rng)
        n, n_samples = len(codes), count_of("n_samples", n_samples)
        drawn = np.ones((n_samples, n, n))
        for i, j in zip(*np.triu_indices(n, 1), strict=True):
            judged = np.where(np.isnan(matrices[:, i, j]), 0.0, shares)
            drawn[:, i, j] = np.nan
            if judged.sum() > 0:
                chosen = random.choice(len(matrices), n_samples, p=judged / judged.sum())
                drawn[:, i, j] = matrices[chosen, i, j]
            drawn[:, j, i] = 1 / drawn[:, i, j]
        return self._joint(codes).solve(drawn, codes).weights

    def _weigh(self, codes: Sequence[str]) -> Floats:
        by_expert = of_each(
            CONTRADICTORY, self._schemes(), lambda name, s: s.judged_priorities(codes, f"of {name}")
        )
        joined = self._joint(codes).judged_priorities(codes, "of all")
        return self._joined(by_expert, joined).weights

    def describe(self) -> str:
        """Return a sentence with the formula."""
        how = f"judgements of each, joined as {self.join}"
        if self.join == "judgements":
            how = r"judgements joined by $\prod_e (a_{ij}^{(e)})^{q_e}$"
        return (
            f"Analytic hierarchy process of {len(self.experts)} experts: weights are "
            f"{FORMULAS[self.method]} of pairwise {how}; a consistency ratio up to "
            f"{self.limit:g} is accepted."
        )

    def describe_at(self, codes: Sequence[str]) -> str:
        """Return the consistency ratios of the group and of each expert at a node, as text."""
        group = self.priorities(codes)
        by_name = {"all": group.joined} | group.experts
        return " ".join(
            ratio_in_words(float(result.consistency_ratio), self.limit, f" of {name}")
            for name, result in by_name.items()
        )
