"""Weights from principal components."""

from typing import Any, Literal
from warnings import warn

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_table
from dli.checks import choice_faults, flag_faults, refuse
from dli.errors import DLIWarning, MethodError
from dli.weighting.tables import (
    NOISE,
    DataDriven,
    check_not_constant,
    complete_rows,
    in_range,
    shares,
    table_of,
)

__all__ = [
    "ComponentWeights",
    "PrincipalComponents",
    "component_weights",
    "loading_weights",
    "principal_component_weights",
]

_FORMULAS = {
    "squared": r"$w_k = v_k^2$ with the first eigenvector $v$ of the correlations",
    "plain": r"$w_k \propto v_k$ with the first eigenvector $v$ of the correlations",
    "rotated": (
        r"$w_k \propto l_{kf}^2$, the squared varimax loading on the component of which it has the "
        "largest share, among the components with an eigenvalue above 1"
    ),
}
# A rotation has converged if the slope of the varimax criterion, relative to its scale, is below
# this.
_FLAT = 1e-14


@frozen(kw_only=True, eq=False)
class ComponentWeights:
    """Weights from principal components, with the eigenvalues and loadings behind them.

    Attributes
    ----------
    weights : ndarray of shape (n_indicators,)
        The weights, which sum to one.
    eigenvalues : ndarray of shape (n_indicators,)
        The eigenvalues of the correlation matrix, in descending order.
    explained_share : float
        The share of the variance that the components used explain.
    loadings : ndarray of shape (n_indicators, n_components)
        The correlations of the indicators with the components used, after any rotation. The
        component that explains most is the first; the sign of each component is such that its
        loadings do not sum to less than zero.
    component : ndarray of shape (n_indicators,)
        The column of the component whose loading determines the weight of each indicator.
    mixed_signs : bool
        Whether any indicator has a negative loading on its component, which squaring hides.
    """

    weights: Floats
    eigenvalues: Floats
    explained_share: float
    loadings: Floats
    component: Any
    mixed_signs: bool


def component_weights(
    values: ArrayLike,
    *,
    loadings: Literal["squared", "plain", "rotated"] = "squared",
    kaiser: bool = False,
) -> ComponentWeights:
    r"""Return weights from principal components of the correlations, with loadings and eigenvalues.

    "squared" and "plain" use the eigenvector v of the first component: the weights are
    $w_k = v_k^2$ or, as in COINr, $w_k = v_k / \sum_l v_l$. "rotated", as in the OECD handbook,
    keeps the components with an eigenvalue above 1, rotates their loadings by varimax and converts
    them to weights by `loading_weights`.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN denotes a missing value; units with missing values are left out.
    loadings : {"squared", "plain", "rotated"}
        The loadings from which the weights are computed.
    kaiser : bool
        Whether to scale the loadings of each indicator to a sum of squares of one during the
        rotation, so that indicators that the components explain poorly count as much as the others
        (Kaiser's normalisation).

    Returns
    -------
    ComponentWeights
        A single indicator has weight 1.

    Raises
    ------
    MethodError
        Infinite values, fewer than three units with all values, an indicator that is the same for
        all of these units, "plain" loadings of both signs, or a rotation that does not converge.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, pages 89 to 91.
    https://doi.org/10.1787/9789264043466-en
    Nicoletti, G., Scarpetta, S. and Boylaud, O. (2000), Summary indicators of product market
    regulation. https://doi.org/10.1787/215182844604

    Examples
    --------
    >>> result = component_weights([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 4.0]])
    >>> result.weights.round(4).tolist(), round(result.explained_share, 4), result.mixed_signs
    ([0.5, 0.5], 0.8536, False)
    """
    _check(loadings, kaiser)
    x, names = table_of(values)
    scheme = "principal component"
    if x.shape[1] == 1:
        eigenvalues, rows = np.ones(1), np.ones((1, 1))
    else:
        complete, _ = in_range(complete_rows(x, names, scheme))
        check_not_constant(complete, names, scheme)
        eigenvalues, vectors = np.linalg.eigh(np.corrcoef(complete, rowvar=False))
        eigenvalues = np.maximum(eigenvalues[::-1], 0.0)
        rows = vectors[:, ::-1] * np.sqrt(eigenvalues)
    kept = max(int((eigenvalues > 1 + NOISE).sum()), 1) if loadings == "rotated" else 1
    rows = rows[:, :kept]
    if kept > 1:
        rows = varimax(rows, kaiser=kaiser)
    rows = np.where(rows.sum(axis=0) < 0, -rows, rows)
    squared, component = loading_weights(rows)
    selected = rows[np.arange(len(rows)), component]
    negative = np.flatnonzero(selected < -NOISE).tolist()
    if loadings == "plain" and negative:
        msg = "plain loadings of both signs cannot be used as weights; these are negative"
        raise MethodError(msg, [names[k] for k in negative])
    return ComponentWeights(
        weights=squared
        if loadings != "plain"
        else shares(np.maximum(selected, 0.0), names, scheme),
        eigenvalues=eigenvalues,
        explained_share=float(eigenvalues[:kept].sum() / eigenvalues.sum()),
        loadings=rows,
        component=component,
        mixed_signs=bool(negative),
    )


def loading_weights(loadings: ArrayLike) -> tuple[Floats, Any]:
    r"""Return weights from loadings on components, such as published rotated loadings.

    Component f explains $E_f = \sum_k l_{kf}^2$. Each indicator is assigned to the component with
    its largest $l_{kf}^2 / E_f$, and $w_k \propto l_{kf}^2$ on that component.

    Parameters
    ----------
    loadings : array_like of shape (n_indicators, n_components)
        The loadings on the components that are kept.

    Returns
    -------
    weights : ndarray of shape (n_indicators,)
        The weights, which sum to one.
    component : ndarray of shape (n_indicators,)
        The column of the component to which each indicator is assigned.

    Raises
    ------
    MethodError
        Loadings that are not a table of finite numbers, or a component whose loadings are all 0.

    Examples
    --------
    >>> weights, component = loading_weights([[0.9, 0.1], [0.7, 0.5], [0.1, 0.8]])
    >>> weights.round(4).tolist(), component.tolist()
    ([0.4175, 0.2526, 0.3299], [0, 0, 1])
    """
    table = as_table(loadings, name="loadings", columns="n_components")
    squares = in_range(table, together=True)[0] ** 2
    explained = squares.sum(axis=0)
    if not (explained > 0).all():
        msg = "every component must have loadings other than 0; the components explain "
        raise MethodError(f"{msg}{explained.tolist()}")
    component = (squares / explained).argmax(axis=1)
    raw = squares[np.arange(len(squares)), component]
    return raw / raw.sum(), component


def _check(loadings: str, kaiser: object) -> None:
    faults = [*choice_faults("loadings", loadings, tuple(_FORMULAS)), *flag_faults(kaiser=kaiser)]
    refuse("principal component weights", faults)


def varimax(loadings: Floats, *, kaiser: bool = False, sweeps: int = 1000) -> Floats:
    r"""Return loadings rotated to maximise the variance of their squares within components.

    Each pair of components is rotated by its optimal angle, which has a closed form, until no pair
    can be improved. A MethodError is raised if ``sweeps`` passes over all pairs are not enough.
    The components are ordered by the sum of their squared loadings, the largest first.

    References
    ----------
    Kaiser, H. F. (1958), The varimax criterion for analytic rotation in factor analysis.
    https://doi.org/10.1007/BF02289233
    """
    size = np.sqrt((loadings**2).sum(axis=1, keepdims=True)) if kaiser else np.ones((1, 1))
    turned = loadings / np.where(size > 0, size, 1.0)
    n, n_components = turned.shape
    pairs = [(f, g) for f in range(n_components) for g in range(f + 1, n_components)]
    for _ in range(sweeps):
        rotated = False
        for f, g in pairs:
            x, y = turned[:, f], turned[:, g]
            u, v = x**2 - y**2, 2 * x * y
            slope = 2 * (u @ v - u.sum() * v.sum() / n)
            bend = u @ u - v @ v - (u.sum() ** 2 - v.sum() ** 2) / n
            limit = _FLAT * float(u @ u + v @ v)
            if abs(slope) > limit or bend < -limit:
                angle = np.arctan2(slope, bend) / 4
                cos, sin = np.cos(angle), np.sin(angle)
                turned[:, f], turned[:, g] = x * cos + y * sin, y * cos - x * sin
                rotated = True
        if not rotated:
            turned = turned * size
            return turned[:, np.argsort(-(turned**2).sum(axis=0), kind="stable")]
    msg = f"the varimax rotation has not converged after {sweeps} sweeps over the components"
    raise MethodError(msg)


def principal_component_weights(
    values: ArrayLike,
    *,
    loadings: Literal["squared", "plain", "rotated"] = "squared",
    kaiser: bool = False,
) -> Floats:
    """Return the weights of `component_weights`; see there for the parameters and the errors.

    A warning is issued if an indicator has a negative loading on its component, as squaring hides
    it.

    Examples
    --------
    >>> values = [[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 4.0]]
    >>> principal_component_weights(values).round(4).tolist()
    [0.5, 0.5]
    """
    _, names = table_of(values)
    result = component_weights(values, loadings=loadings, kaiser=kaiser)
    if result.mixed_signs:
        selected = result.loadings[np.arange(len(names)), result.component]
        negative = ", ".join(names[k] for k in np.flatnonzero(selected < 0).tolist())
        msg = f"{negative}: negative loadings on their principal component, which squaring hides"
        warn(msg, DLIWarning, stacklevel=2)
    return result.weights


@frozen
class PrincipalComponents(DataDriven):
    """Weights by `principal_component_weights`, with its parameters."""

    function = principal_component_weights

    loadings: str = "squared"
    kaiser: bool = False

    def __attrs_post_init__(self) -> None:
        _check(self.loadings, self.kaiser)

    def describe(self) -> str:
        """Return a sentence with the formula."""
        kaiser = ", rotated with Kaiser's normalisation" if self.kaiser else ""
        return (
            f"Principal component weights: {_FORMULAS[self.loadings]}{kaiser}, over the units that "
            "have all values."
        )
