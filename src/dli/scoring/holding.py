"""Construction of the held tree, which has the weights and scales of a run fixed."""

import numpy as np
from attrs import evolve

from dli.aggregation.protocol import held
from dli.framework import Index
from dli.method.rounding import name_of
from dli.normalisation.protocol import traits_of
from dli.scoring.entering import Entry, entry_code
from dli.scoring.held import HeldTree, observed_ends
from dli.scoring.held_node import HeldNode
from dli.scoring.joining import MissingRule
from dli.scoring.pipeline import Run

__all__ = ["hold"]


def hold(index: Index, run: Run) -> HeldTree:
    """Return the tree of a run with weights and scales fixed, for scores after changes."""
    nodes: dict[str, HeldNode] = {}
    scores = dict(run.scores)
    for node in index.walk():
        if isinstance(node, Index):
            if node.code in run.node_normalisations:
                entry = _held_entry(run, node.code)
                nodes[entry.code] = entry
                scores[entry.code] = run.entered[node.code]
            nodes[node.code] = _held_node(run, node)
    return HeldTree(nodes=nodes, scores=scores, leaf_ends=_ends(index, run))


def _held_entry(run: Run, code: str) -> HeldNode:
    """Return the normalisation of a node's score as a node whose only child is that node."""
    normalisation = run.node_normalisations[code]
    entry = Entry(normalisation, code, name_of(normalisation))
    scores = run.scores[code][:, np.newaxis]
    return HeldNode(
        code=entry_code(code),
        children=(code,),
        weights=np.ones(1),
        aggregation=entry.fit(scores),
        rule=MissingRule("propagate", 0.0),
    )


def _held_node(run: Run, node: Index) -> HeldNode:
    code = node.code
    children = [child.code for child in node.children]
    rule = MissingRule(run.choices.missing, run.choices.coverage[code])
    values = np.stack([run.entered[child] for child in children], axis=1)
    # The scale is derived from the rows that have a score.
    scored = values[rule.has_score(np.isnan(values))]
    aggregation, adjusted = run.choices.aggregation[code], run.adjusted.get(code)
    if len(scored):
        aggregation = held(aggregation, scored)
    held_node = HeldNode(
        code=code,
        children=tuple(
            entry_code(child) if child in run.node_normalisations else child for child in children
        ),
        weights=run.weights[code],
        aggregation=aggregation,
        rule=rule,
        groups=list(run.rows_by_period.values()),
    )
    if adjusted is None:
        return held_node
    held_node = evolve(held_node, enough=adjusted.enough)
    if adjusted.imputation is None:
        return held_node
    before = held_node.settled(held_node.join(values, held_node.weights))
    return evolve(held_node, filled=np.where(np.isnan(before), run.scores[code], np.nan))


def _ends(index: Index, run: Run) -> dict[str, tuple[float, float]]:
    """Return the ends of the scales of indicators, and of normalised scores with declared ends."""
    ends: dict[str, tuple[float, float]] = {}
    for code, choice in run.node_normalisations.items():
        declared = traits_of(choice).ends
        if declared is not None:
            ends[entry_code(code)] = declared
    indicators = index.indicators
    for choice, columns in run.normalisations:
        declared = traits_of(choice).ends
        for place in np.arange(len(indicators))[columns].tolist():
            code = indicators[place].code
            ends[code] = observed_ends(run.scores[code]) if declared is None else declared
    return ends
