"""The analytic hierarchy process of several people as a weighting scheme."""

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
_SEVERAL = "the judgements of several experts cannot be used"


@frozen(kw_only=True, eq=False)
class GroupPriorities:
    """Weights of a group, and how far its members are consistent and agree with one another.

    Attributes
    ----------
    weights : ndarray of shape (n,)
        Sum to one.
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
    named = mapping_of("experts", experts)
    return of_each(_SEVERAL, named, lambda name, own: read_judgements(own, f"judgements of {name}"))


def _by_name(weights: Any) -> dict[str, float] | None:
    return None if weights is None else numbers_by_code("expert weights", weights, least=0)


@frozen
class GroupAHP(Elicited):
    """Weights by the pairwise judgements of several experts.

    Doubtful judgements of an expert, or of all joined, give a warning when `AHP` would.

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
        Experts that are not a mapping of names to judgements, or none; an unknown way to join; or
        expert weights that are not numbers of at least 0, one for each expert and not all 0. All
        other errors are those of `AHP`, at the same time, for each expert and for all joined.

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
        odd = sorted(set(self.experts) ^ set(weights))
        if odd:
            msg = "expert weights must name the experts, all of them and no others"
            raise MethodError(msg, [repr(name) for name in odd])
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
        """Return the group's weights, each expert's, and the consensus, without any warning."""
        codes = codes_of("codes", codes, text=True)
        own = {name: scheme.priorities(codes) for name, scheme in self._schemes().items()}
        return self._joined(own, self._joint(codes).priorities(codes))

    def _joint(self, codes: Sequence[str]) -> AHP:
        return self._scheme(mean_judgements(self._matrices(codes), self._shares()), codes)

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
        """Return weights as `AHP.sample_weights`, each judgement that of an expert at random."""
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
        own = of_each(
            CONTRADICTORY, self._schemes(), lambda name, s: s.judged_priorities(codes, f"of {name}")
        )
        return self._joined(own, self._joint(codes).judged_priorities(codes, "of all")).weights

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
        """Return how consistent the judgements of the children of a node are, of all and each."""
        found = self.priorities(codes)
        ratios = {"all": found.joined} | found.experts
        return " ".join(
            ratio_in_words(float(own.consistency_ratio), self.limit, f" of {name}")
            for name, own in ratios.items()
        )
