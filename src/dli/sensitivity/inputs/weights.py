"""Uncertain weights: with noise, drawn at random, or from varying judgements."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen

from dli.arrays import Bools, Floats
from dli.assessment import Assessment
from dli.checks import is_number, is_whole, several
from dli.errors import MethodError, UnknownCodeError
from dli.framework import Index
from dli.framework.select import inner_node
from dli.sensitivity.draws import Draws
from dli.sensitivity.inputs.gamma import gamma_variates
from dli.weighting import AHP, GroupAHP, ahp_priorities

__all__ = ["DirichletWeights", "Judgements", "WeightNoise"]

# Concentrations outside this range give the same floats as its ends.
_LEAST, _MOST = 1e-100, 1e100
# Dividing 1 by a smaller spread would overflow; such noise does not change any weight.
_NARROWEST = 1e-100


@frozen
class WeightNoise:
    r"""Multiply weights by uniform noise: $w (1 + s (2 u - 1))$, with u uniform from 0 to 1.

    The noise of each weight is independent of the others; siblings are then scaled to sum to one.

    Parameters
    ----------
    relative : float, or mapping of level or code to float
        The spread s, at least 0 and below 1, for all weights, or by level of the tree (level 1
        contains the sub-indices) or code. A code takes precedence over a level.

    Examples
    --------
    >>> from dli import Assessment, Index, Indicator
    >>> index = Index("T", [Indicator("a"), Indicator("b")])
    >>> assessment = Assessment(index, {"unit": ["X", "Y"], "a": [1, 2], "b": [2, 1]})
    >>> WeightNoise({"b": 0.5}).factors(assessment)
    ['weight of b']
    """

    relative: Any = 0.25

    def __attrs_post_init__(self) -> None:
        spreads = self.relative if isinstance(self.relative, Mapping) else {"": self.relative}
        faults = [
            f"{f'{key!r}: ' if key != '' else ''}{spread!r}"
            for key, spread in spreads.items()
            if not (is_number(spread) and 0 <= spread < 1)
        ]
        if faults:
            msg = "the spread of weights must be at least 0 and below 1, got"
            raise MethodError(msg, faults)
        # True and 1.0 would be read as level 1.
        keys = [repr(key) for key in spreads if not (isinstance(key, str) or is_whole(key))]
        if keys:
            msg = "the keys of WeightNoise must be levels (whole numbers) or codes (text), got"
            raise MethodError(msg, keys)

    def factors(self, assessment: Assessment) -> list[str]:
        """Return the names of the weights that vary."""
        index = assessment.index
        if isinstance(self.relative, Mapping):
            nodes = {node.code: index.level(node.code) for node in index.walk()}
            known: list[object] = [*nodes, *sorted(set(nodes.values()))]
            unknown = [key for key in self.relative if key not in known]
            if unknown:
                raise UnknownCodeError("code or level for WeightNoise", unknown, known)
        names = [f"weight of {code}" for _, codes, _ in self._groups(index) for code in codes]
        if not names:
            msg = (
                "WeightNoise does not change any weight: the named nodes do not have siblings, or "
                "have a spread of 0"
            )
            raise MethodError(msg)
        return names

    def _groups(self, index: Index) -> list[tuple[Index, list[str], Floats]]:
        """Return the parents with the children that vary, and the spreads of all children."""
        groups = []
        for node in index.walk():
            if not isinstance(node, Index) or len(node.children) == 1:
                continue
            level = index.level(node.code) + 1
            spreads = [self._spread(child.code, level) for child in node.children]
            codes = [c.code for c, s in zip(node.children, spreads, strict=True) if s > 0]
            if codes:
                groups.append((node, codes, np.array(spreads)))
        return groups

    def _spread(self, code: str, level: int) -> float:
        if not isinstance(self.relative, Mapping):
            return float(self.relative)
        return float(self.relative.get(code, self.relative.get(level, 0.0)))

    def apply(self, uniforms: Floats, draws: Draws) -> None:
        """Multiply the weights by the noise."""
        first = 0
        groups = draws.once(self, lambda: self._groups(draws.index))
        room = draws.room.array(f"noise of {groups[0][1][0]}", uniforms.shape)
        for node, codes, spreads in groups:
            rows = slice(first, first + len(codes))
            first += len(codes)
            spread = spreads[spreads > 0, np.newaxis]
            if len(codes) == len(spreads) and np.ptp(spreads) == 0 and spread[0] > _NARROWEST:
                # Divided by 2 s, which cancels when siblings are scaled to sum to one.
                noise = np.add(uniforms[rows], (1 - spread[0]) / (2 * spread[0]), out=room[rows])
            else:
                noise = np.multiply(uniforms[rows], 2 * spread, out=room[rows])
                noise += 1 - spread
            if len(codes) < len(spreads):
                factors = np.ones((len(spreads), draws.n_draws))
                factors[spreads > 0] = noise
                noise = factors
            draws.scale_children(node.code, noise)

    def drawn(self, _: Floats, draws: Draws) -> list[Floats]:
        """Return the weights within their parents, after all inputs are applied."""
        groups = self._groups(draws.index)
        return [draws.local_weights(code) for _, codes, _ in groups for code in codes]


def _as_nodes(nodes: Any) -> tuple[str, ...] | None:
    return None if nodes is None else tuple(several("nodes", nodes))


@frozen
class DirichletWeights:
    """Draw the weights of siblings from a Dirichlet distribution around the nominal weights.

    The parameters are ``concentration * n_children`` times the nominal weights. With equal nominal
    weights, a concentration of 1 is uniform over all possible weights; larger concentrations keep
    draws closer to the nominal weights.

    Parameters
    ----------
    concentration : float
        The concentration, above 0. Near 0, each draw puts all weight on one child, chosen with
        probabilities equal to the nominal weights; above 1e30, draws equal the nominal weights.
    nodes : sequence of str, optional
        The nodes for whose children weights are drawn; all by default.

    Notes
    -----
    Weights that sum to one depend on each other. Each draw uses one gamma variate for each weight,
    and Sobol indices refer to these variates; `shapley` returns effects of the weights themselves.
    """

    concentration: float = 1.0
    nodes: tuple[str, ...] | None = field(default=None, converter=_as_nodes)

    def __attrs_post_init__(self) -> None:
        if not (is_number(self.concentration) and self.concentration > 0):
            msg = f"concentration must be a number above 0, got {self.concentration!r}"
            raise MethodError(msg)

    def parents(self, index: Index) -> list[Index]:
        """Return the nodes with several children whose weights are drawn."""
        codes = {n.code: n for n in index.walk() if isinstance(n, Index)}
        unknown = [code for code in self.nodes or () if code not in codes]
        if unknown:
            raise UnknownCodeError("sub-index for DirichletWeights", unknown, codes)
        chosen = codes if self.nodes is None else self.nodes
        nodes = [codes[code] for code in codes if code in chosen]
        return [node for node in nodes if len(node.children) > 1]

    def factors(self, assessment: Assessment) -> list[str]:
        """Return the names of the weights that vary."""
        parents = self.parents(assessment.index)
        if not parents:
            msg = "DirichletWeights does not change any weight: each node has only one child"
            raise MethodError(msg)
        per_unit = [repr(n.code) for n in parents if assessment.weight_array(n.code).ndim > 1]
        if per_unit:
            msg = (
                "DirichletWeights needs weights that are the same for all units; they differ by "
                "unit at"
            )
            raise MethodError(msg, per_unit)
        return [f"weight of {child.code}" for node in parents for child in node.children]

    def apply(self, uniforms: Floats, draws: Draws) -> None:
        """Set the weights in proportion to gamma variates."""
        for node, rows, shapes in self._drawn_nodes(draws):
            draws.set_weights(node.code, gamma_variates(uniforms[rows], shapes))

    def _drawn_nodes(self, draws: Draws) -> list[tuple[Index, slice, Floats]]:
        """Return the nodes, the rows of their children's uniform numbers, and the gamma shapes."""
        return draws.once(self, lambda: self._nodes(draws))

    def _nodes(self, draws: Draws) -> list[tuple[Index, slice, Floats]]:
        nodes, first = [], 0
        for node in self.parents(draws.index):
            rows = slice(first, first + len(node.children))
            first += len(node.children)
            nodes.append((node, rows, self._shapes(draws, node)))
        return nodes

    def _shapes(self, draws: Draws, node: Index) -> Floats:
        """Return the shapes of the gamma variates of a node's children."""
        nominal = draws.assessment.weight_array(node.code)
        # Beyond these limits, all weight is on one child, or the weights equal the nominal ones.
        concentration = min(max(self.concentration, _LEAST), _MOST)
        return np.asarray(concentration * len(nominal) * nominal)

    def apply_given(self, known: Floats, uniforms: Floats, free: Bools, draws: Draws) -> None:
        """Draw the free weights again; their sum remains the same."""
        for node, rows, shapes in self._drawn_nodes(draws):
            is_free = np.broadcast_to(free[rows, :, np.newaxis], uniforms[rows].shape)
            weights = gamma_variates(known[rows], shapes)
            fixed = (weights / weights.sum(axis=0))[..., np.newaxis]
            new = gamma_variates(uniforms[rows], shapes, is_free)
            left = (fixed * is_free).sum(axis=0)
            total = new.sum(axis=0)
            new *= left / np.where(total > 0, total, 1.0)
            joined = np.where(is_free, new, fixed)
            draws.set_weights(node.code, joined.reshape(len(shapes), -1))

    def drawn(self, _: Floats, draws: Draws) -> list[Floats]:
        """Return the weights within their parents, after all inputs are applied."""
        parents = self.parents(draws.index)
        return [draws.local_weights(child.code) for node in parents for child in node.children]


@frozen
class Judgements:
    """Vary pairwise judgements, or the expert whose judgements are used.

    Parameters
    ----------
    scheme : AHP or GroupAHP
        With `AHP`, each judgement given as an interval varies within it, uniformly in logarithms.
        With `GroupAHP`, each draw uses the priorities of one expert, chosen with probabilities
        equal to the experts' weights.
    node : str
        The node whose children are weighed.
    spread : float
        For `AHP`: a judgement given as a single number a varies from a / (1 + spread) to
        a (1 + spread).
    """

    scheme: Any
    node: str
    spread: float = 0.0

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.scheme, (AHP, GroupAHP)):
            msg = f"scheme must be an AHP or a GroupAHP, got {self.scheme!r}"
            raise MethodError(msg)
        if not (is_number(self.spread) and self.spread >= 0):
            msg = f"spread must be a number of at least 0, got {self.spread!r}"
            raise MethodError(msg)

    def factors(self, assessment: Assessment) -> list[str]:
        """Return the names of the judgements that vary, or of the choice of the expert."""
        node = inner_node(assessment.index, self.node)
        if isinstance(self.scheme, GroupAHP):
            self.scheme.priorities([child.code for child in node.children])
            return [f"expert on {self.node}"]
        codes = [child.code for child in node.children]
        low, high = self._bounds(codes)
        pairs = [f"judgement {codes[i]}/{codes[j]}" for i, j in _varying(low, high)]
        if not pairs:
            msg = f"no judgement for {self.node!r} varies: use intervals as judgements, or a spread"
            raise MethodError(msg)
        return pairs

    def _bounds(self, codes: Sequence[str]) -> tuple[Floats, Floats]:
        low, high = self.scheme.bounds(codes)
        exact = (low == high) & ~np.eye(len(codes), dtype=np.bool_)
        factor = np.where(exact, 1 + self.spread, 1.0)
        return low / factor, high * factor

    def apply(self, uniforms: Floats, draws: Draws) -> None:
        """Set the weights of the node's children."""
        node = inner_node(draws.index, self.node)
        codes = [child.code for child in node.children]
        if isinstance(self.scheme, GroupAHP):
            _, each = self.scheme.expert_priorities(codes)
            draws.set_weights(self.node, each[self._experts(codes, uniforms[0])].T)
            return
        matrices = np.ones((draws.n_draws, len(codes), len(codes)))
        low, high = self._bounds(codes)
        matrices[:] = np.sqrt(low * high)
        pairs = _varying(low, high)
        for ratios, (i, j) in zip(self._ratios(codes, uniforms), pairs, strict=True):
            matrices[:, i, j], matrices[:, j, i] = ratios, 1 / ratios
        priorities = ahp_priorities(
            matrices, method=self.scheme.method, completion=self.scheme.completion
        )
        draws.set_weights(self.node, priorities.weights.T)

    def _experts(self, codes: Sequence[str], uniforms: Floats) -> Any:
        """Return the number of the expert in each draw."""
        shares, _ = self.scheme.expert_priorities(codes)
        ends = np.cumsum(shares)
        return np.minimum(np.searchsorted(ends, uniforms, side="right"), len(ends) - 1)

    def _ratios(self, codes: Sequence[str], uniforms: Floats) -> list[Floats]:
        """Return the judgement on each pair that varies, in each draw."""
        low, high = self._bounds(codes)
        pairs = _varying(low, high)
        return [
            low[i, j] * (high[i, j] / low[i, j]) ** numbers
            for numbers, (i, j) in zip(uniforms, pairs, strict=True)
        ]

    def drawn(self, uniforms: Floats, draws: Draws) -> list[Any]:
        """Return the judgements, or the number of the expert (from 0, in the given order)."""
        node = inner_node(draws.index, self.node)
        codes = [child.code for child in node.children]
        if isinstance(self.scheme, GroupAHP):
            return [self._experts(codes, uniforms[0])]
        return self._ratios(codes, uniforms)


def _varying(low: Floats, high: Floats) -> list[tuple[int, int]]:
    return [(i, j) for i, j in np.argwhere(np.triu(high > low * (1 + 1e-12), 1)).tolist()]
