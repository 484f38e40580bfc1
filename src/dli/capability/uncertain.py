"""Uncertain strengths, and what they leave certain."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import ArrayLike, NDArray

from dli import frames
from dli.capability.graph import CapabilityGraph
from dli.errors import MethodError
from dli.framework.checks import is_number, is_whole

if TYPE_CHECKING:
    from dli.assessment import Assessment

__all__ = ["UncertainGraph", "within"]

Floats: TypeAlias = NDArray[np.float64]


def within(graph: CapabilityGraph, relative: float, n_samples: int, rng: Any) -> "UncertainGraph":
    """Draw strengths evenly within a share of themselves."""
    if not is_number(relative) or not 0 <= relative <= 1:
        msg = f"relative must be a number from 0 to 1, got {relative!r}"
        raise MethodError(msg)
    if not is_whole(n_samples, 1):
        msg = f"n_samples must be a whole number from 1, got {n_samples!r}"
        raise MethodError(msg)
    own = np.array([link.strength for link in graph.links])
    noise = np.random.default_rng(rng).uniform(-relative, relative, (n_samples, own.size))
    return UncertainGraph(graph, np.minimum(own * (1 + noise), 1.0))


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


@frozen(eq=False, repr=False)
class UncertainGraph:
    """A graph of capabilities whose strengths are known by draws only.

    Attributes
    ----------
    graph : CapabilityGraph
        With the strengths that count as nominal.
    strengths : ndarray of shape (n_samples, n_links)
        In the order of the graph's links.

    Raises
    ------
    MethodError
        Strengths of another shape or outside 0 to 1.
    DivergentInfluenceError
        Draws whose feedback does not converge, as soon as they are used.
    """

    graph: CapabilityGraph
    strengths: Floats = field(converter=_floats)

    def __attrs_post_init__(self) -> None:
        n_links = len(self.graph.links)
        if (
            self.strengths.ndim != 2
            or self.strengths.shape[1] != n_links
            or not len(self.strengths)
        ):
            msg = (
                f"strengths must have the shape (n_samples, {n_links}), got {self.strengths.shape}"
            )
            raise MethodError(msg)
        if not ((self.strengths >= 0) & (self.strengths <= 1)).all():
            msg = "strengths must be numbers from 0 to 1"
            raise MethodError(msg)

    @cached_property
    def draws(self) -> tuple[CapabilityGraph, ...]:
        """A graph for each draw."""
        return tuple(
            evolve(
                self.graph,
                links=tuple(
                    evolve(link, strength=strength)
                    for link, strength in zip(self.graph.links, row, strict=True)
                ),
            )
            for row in self.strengths.tolist()
        )

    def leverage(
        self, assessment: "Assessment", node: str | None = None, *, level: float = 0.9
    ) -> Any:
        """Tell within which bounds the leverage of each capability lies.

        Returns
        -------
        frame
            A row for each unit and capability: ``code, leverage`` by nominal strengths, ``low`` and
            ``high``, between which the share ``level`` of the draws lies.
        """
        from dli.capability.outcomes import Outcomes

        nominal = self.graph.leverage_array(assessment, node)
        drawn = np.stack([graph.leverage_array(assessment, node) for graph in self.draws])
        low, high = _bounds(drawn, level)
        n_units, n_codes = nominal.shape
        found = Outcomes.of(self.graph, assessment, node)
        table = frames.read(found.frame({}))
        keys = {
            name: [cell for cell in table.column(name) for _ in range(n_codes)]
            for name in table.names
        }
        columns = {"code": list(self.graph.codes) * n_units, "leverage": nominal.ravel()}
        columns |= {"low": low.ravel(), "high": high.ravel()}
        return frames.build({**keys, **columns}, assessment.observations.table.library)

    def explain(  # noqa: PLR0913 what CapabilityGraph.explain takes
        self,
        assessment: "Assessment",
        unit: object,
        period: object = None,
        *,
        node: str | None = None,
        reference: str | Sequence[object] = "frontier",
        levels: Mapping[str, float] | None = None,
        level: float = 0.9,
    ) -> Any:
        """Tell how certain it is what stands behind a unit's gaps.

        Returns
        -------
        frame
            A row for each capability and barrier, by nominal points: ``code, points, low, high``,
            and ``first`` and ``top_3``, the shares of draws in which it is first or among the first
            three.
        """
        options: dict[str, Any] = {"node": node, "reference": reference, "levels": levels}
        nominal = self.graph.explain(assessment, unit, period, **options).points
        drawn = np.stack(
            [graph.explain(assessment, unit, period, **options).points for graph in self.draws]
        )
        low, high = _bounds(drawn, level)
        places = np.argsort(np.argsort(-drawn, axis=1, kind="stable"), axis=1)
        order = np.argsort(-nominal, kind="stable")
        return frames.build(
            {
                "code": [self.graph.codes[i] for i in order.tolist()],
                "points": nominal[order],
                "low": low[order],
                "high": high[order],
                "first": (places == 0).mean(axis=0)[order],
                "top_3": (places < 3).mean(axis=0)[order],
            },
            assessment.observations.table.library,
        )

    def plan(
        self, assessment: "Assessment", unit: object, period: object = None, **options: Any
    ) -> Any:
        """Tell how often each capability is in the best plan.

        Parameters
        ----------
        assessment, unit, period, **options
            As of `CapabilityGraph.plan`.

        Returns
        -------
        frame
            A row for each capability and barrier, the most frequent first: ``code``; ``nominal``,
            the change of its level in the plan by nominal strengths; ``share`` of draws in whose
            best plan it is; ``mean_change`` over all draws.
        """
        nominal = self.graph.plan(assessment, unit, period, **options).changes
        plans = [graph.plan(assessment, unit, period, **options).changes for graph in self.draws]
        codes = self.graph.codes
        drawn = np.array([[changes.get(code, 0.0) for code in codes] for changes in plans])
        share = (drawn != 0).mean(axis=0)
        order = np.argsort(-share, kind="stable")
        return frames.build(
            {
                "code": [codes[i] for i in order.tolist()],
                "nominal": np.array([nominal.get(codes[i], 0.0) for i in order.tolist()]),
                "share": share[order],
                "mean_change": drawn.mean(axis=0)[order],
            },
            assessment.observations.table.library,
        )

    def __repr__(self) -> str:
        return f"{len(self.strengths)} draws of the strengths of {len(self.graph.links)} links"


def _bounds(drawn: Floats, level: float) -> tuple[Floats, Floats]:
    if not is_number(level) or not 0 < level < 1:
        msg = f"level must be a number above 0 and below 1, got {level!r}"
        raise MethodError(msg)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
