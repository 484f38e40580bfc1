"""Weights from principal components."""

from collections.abc import Sequence
from typing import Literal
from warnings import warn

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.errors import DLIWarning, MethodError
from dli.weighting.protocol import Floats, Node
from dli.weighting.tables import (
    as_table,
    check_not_constant,
    codes_of,
    column_names,
    complete_rows,
    shares,
    spread,
)

__all__ = [
    "ComponentWeights",
    "PrincipalComponents",
    "component_weights",
    "principal_component_weights",
]

LOADINGS = ("squared", "plain", "rotated")
_FORMULAS = {
    "squared": r"$w_k = v_k^2$ with the first eigenvector $v$ of the correlations",
    "plain": r"$w_k \propto v_k$ with the first eigenvector $v$ of the correlations",
    "rotated": (
        r"$w_k \propto l_{kf}^2$, the largest squared varimax loading of each, of the components "
        "with an eigenvalue above 1"
    ),
}


@frozen(kw_only=True, eq=False)
class ComponentWeights:
    """Weights from principal components, and what they stand on.

    Attributes
    ----------
    weights : ndarray of shape (n_indicators,)
    eigenvalues : ndarray of shape (n_indicators,)
        Of the correlation matrix, the largest first.
    explained_share : float
        Of the variance, by the components that were used.
    loadings : ndarray of shape (n_indicators, n_components)
        Correlations of indicators with the components used, after rotation if there was one; each
        component is signed so that its loadings sum to more than zero.
    mixed_signs : bool
        Some indicator runs against the component that it is weighed by. Squares hide it.
    """

    weights: Floats
    eigenvalues: Floats
    explained_share: float
    loadings: Floats
    mixed_signs: bool


def component_weights(
    values: ArrayLike, *, loadings: Literal["squared", "plain", "rotated"] = "squared"
) -> ComponentWeights:
    r"""Give weights from principal components of the correlations, and what they stand on.

    Of the first component, with its eigenvector v: "squared" takes :math:`w_k = v_k^2`, "plain"
    :math:`w_k = v_k / \sum_l v_l`. "rotated" keeps the components with an eigenvalue above 1,
    rotates their loadings by varimax, and gives each indicator its largest squared loading:
    within a component squared loadings are scaled to sum one, components count by the variance
    they explain, so that both scales cancel; then all are scaled to sum one.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN is missing: units that lack a value are left out.
    loadings : {"squared", "plain", "rotated"}

    Returns
    -------
    ComponentWeights
        A single indicator has weight 1.

    Raises
    ------
    MethodError
        Infinite values, fewer than three units with all values, an indicator that is the same for
        all of them, or "plain" loadings of both signs.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, pages 89 to 91.
    https://doi.org/10.1787/9789264043466-en
    Nicoletti, G., Scarpetta, S. and Boylaud, O. (2000), Summary indicators of product market
    regulation. https://doi.org/10.1787/215182844604

    Examples
    --------
    >>> found = component_weights([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 4.0]])
    >>> found.weights.round(4).tolist(), round(found.explained_share, 4), found.mixed_signs
    ([0.5, 0.5], 0.8536, False)
    """
    x = as_table(values)
    return _components(x, column_names(x), loadings)


def _components(x: Floats, names: Sequence[str], loadings: str) -> ComponentWeights:
    _check_loadings(loadings)
    scheme = "principal component"
    if x.shape[1] == 1:
        one = np.ones(1)
        return ComponentWeights(
            weights=one,
            eigenvalues=one,
            explained_share=1.0,
            loadings=np.ones((1, 1)),
            mixed_signs=False,
        )
    rows = complete_rows(x, names, scheme)
    check_not_constant(spread(rows), names, scheme)
    values, vectors = np.linalg.eigh(np.corrcoef(rows, rowvar=False))
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    kept = max(int((values > 1).sum()), 1) if loadings == "rotated" else 1
    found = _signed(vectors[:, :kept] * np.sqrt(values[:kept]))
    if kept > 1:
        found = _signed(varimax(found))
    own = found[np.arange(len(found)), np.abs(found).argmax(axis=1)]
    against = np.flatnonzero(own < -1e-12)
    if loadings == "plain":
        if against.size:
            msg = "plain loadings of both signs give no weights; these run against the others"
            raise MethodError(msg, [names[k] for k in against.tolist()])
        raw = np.maximum(own, 0.0)
    else:
        raw = own**2
    return ComponentWeights(
        weights=shares(raw, names, scheme),
        eigenvalues=values,
        explained_share=float(values[:kept].sum() / values.sum()),
        loadings=found,
        mixed_signs=bool(against.size),
    )


def _signed(loadings: Floats) -> Floats:
    return np.where(loadings.sum(axis=0) < 0, -loadings, loadings)


def _check_loadings(loadings: str) -> None:
    if loadings not in LOADINGS:
        msg = f"loadings must be one of {', '.join(LOADINGS)}, got {loadings!r}"
        raise MethodError(msg)


def varimax(loadings: Floats) -> Floats:
    """Rotate loadings so that the variance of their squares within components is largest.

    References
    ----------
    Kaiser, H. F. (1958), The varimax criterion for analytic rotation in factor analysis.
    https://doi.org/10.1007/BF02289233
    """
    n, n_components = loadings.shape
    rotation = np.eye(n_components)
    for _ in range(500):
        turned = loadings @ rotation
        slope = loadings.T @ (turned**3 - turned * (turned**2).sum(axis=0) / n)
        left, _, right = np.linalg.svd(slope)
        new = left @ right
        if np.abs(new - rotation).max() < 1e-12:
            break
        rotation = new
    return np.asarray(loadings @ rotation)


def principal_component_weights(
    values: ArrayLike, *, loadings: Literal["squared", "plain", "rotated"] = "squared"
) -> Floats:
    """Give weights from principal components of the correlations.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN is missing: units that lack a value are left out.
    loadings : {"squared", "plain", "rotated"}
        As `component_weights` has them.

    Returns
    -------
    ndarray of shape (n_indicators,)
        They sum to one. Indicators that run against their component are a warning, as squares hide
        it.

    Raises
    ------
    MethodError
        As `component_weights` says.

    Examples
    --------
    >>> values = [[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 4.0]]
    >>> principal_component_weights(values).round(4).tolist()
    [0.5, 0.5]
    """
    x = as_table(values)
    return _with_warning(x, column_names(x), loadings)


def _with_warning(x: Floats, names: Sequence[str], loadings: str) -> Floats:
    found = _components(x, names, loadings)
    if found.mixed_signs:
        own = found.loadings[np.arange(len(names)), np.abs(found.loadings).argmax(axis=1)]
        against = ", ".join(names[k] for k in np.flatnonzero(own < 0).tolist())
        msg = f"{against} run against their principal component, and squared loadings hide it"
        warn(msg, DLIWarning, stacklevel=3)
    return found.weights


@frozen
class PrincipalComponents:
    """Weigh children by their loadings on principal components.

    Units without all of the values are left out. A child that is the same for all units is an
    error, one that runs against its component a warning.

    Parameters
    ----------
    loadings : {"squared", "plain", "rotated"}
        Squared loadings of the first component; its plain loadings, as COINr takes them; or those
        of several components, rotated, as the OECD handbook takes them.

    Examples
    --------
    >>> from dli import Indicator
    >>> values = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 4.0]])
    >>> PrincipalComponents().weights(values, [Indicator("a"), Indicator("b")]).round(4).tolist()
    [0.5, 0.5]
    """

    loadings: str = "squared"

    def __attrs_post_init__(self) -> None:
        _check_loadings(self.loadings)

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Give the weights of the columns."""
        return _with_warning(values, codes_of(children), self.loadings)

    def describe(self) -> str:
        """Say it in a sentence, with the formula."""
        return (
            f"Principal component weights: {_FORMULAS[self.loadings]}, over the units that have "
            "all values."
        )
