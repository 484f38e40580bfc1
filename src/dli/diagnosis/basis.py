"""The data behind a unit's scores: how many of the indicators below a node have a value."""

from collections.abc import Iterable

import numpy as np

from dli.arrays import Integers, is_above
from dli.assessment import Assessment
from dli.framework import Index

__all__ = ["LEAST_SHARE", "basis_notes", "join_notes", "names_in_notes"]

# A score or a comparison with a smaller share of known values is marked.
LEAST_SHARE = 2 / 3


def basis_notes(assessment: Assessment, rows: Iterable[int], code: str) -> list[str]:
    """Return a note on each row whose score at a node is imputed or based on few indicators.

    Parameters
    ----------
    assessment : Assessment
    rows : iterable of int
    code : str
        The node. A node with children is marked where less than two thirds of the indicators below
        it have a value in the data. An indicator is marked where its value is imputed.

    Returns
    -------
    list of str
        One text for each row, empty if the score is not marked or is missing.
    """
    node = assessment.index.find(code)
    own_rows = list(rows)
    known, n_indicators = _known(assessment, own_rows, code)
    is_scored = ~np.isnan(assessment.array(code)[own_rows])
    if not isinstance(node, Index):
        return ["imputed" if yes else "" for yes in (is_scored & (known == 0)).tolist()]
    is_few = is_above(np.array(LEAST_SHARE * n_indicators), known.astype(np.float64))
    return [
        f"score from {n} of {n_indicators} indicators" if yes else ""
        for n, yes in zip(known.tolist(), (is_scored & is_few).tolist(), strict=True)
    ]


def _known(assessment: Assessment, rows: list[int], code: str) -> tuple[Integers, int]:
    """Return how many indicators below a node have a value in each row, and how many there are."""
    node = assessment.index.find(code)
    below = {one.code for one in node.indicators} if isinstance(node, Index) else {code}
    columns = [j for j, one in enumerate(assessment.index.indicators) if one.code in below]
    # Imputation comes after this stage, so that imputed values do not count as known.
    values = assessment.stage_array("denominated")[np.ix_(rows, columns)]
    return (~np.isnan(values)).sum(axis=1), len(columns)


def names_in_notes(assessment: Assessment, *, named: bool) -> dict[str, str]:
    """Return the names to use in notes, by code; nodes that are not included keep their codes.

    Parameters
    ----------
    assessment : Assessment
    named : bool
        Whether notes use the names of nodes. If False, the result is empty. Nodes without a name
        are never included.
    """
    if not named:
        return {}
    return {node.code: node.name for node in assessment.index.walk() if node.name}


def join_notes(*columns: Iterable[str]) -> list[str]:
    """Join several columns of notes into one note for each row, skipping empty notes.

    Examples
    --------
    >>> join_notes(["imputed", "", ""], ["only one", "only one", ""])
    ['imputed; only one', 'only one', '']
    """
    return ["; ".join(filter(None, notes)) for notes in zip(*columns, strict=True)]
