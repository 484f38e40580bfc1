"""Weights that give each child its target importance."""

from collections.abc import Sequence
from typing import ClassVar
from warnings import warn

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.arrays import Floats, as_floats
from dli.errors import DLIWarning, MethodError, did_you_mean
from dli.weighting.by_code import numbers_by_code
from dli.weighting.protocol import Node, Traits
from dli.weighting.tables import (
    check_not_constant,
    complete_rows,
    in_proportion,
    in_range,
    named,
    table_of,
)

__all__ = ["Balance", "Balanced", "balanced_weights"]

# A target counts as met if the importance differs from it by no more than this.
_MET = 1e-6


@frozen(kw_only=True, eq=False)
class Balance:
    """Weights, the resulting importances, and how close these are to their targets.

    Attributes
    ----------
    weights : ndarray of shape (n_indicators,)
        The weights, which sum to one.
    correlations : ndarray of shape (n_indicators,)
        The correlation of each indicator with the weighted mean.
    importances : ndarray of shape (n_indicators,)
        The correlations divided by their sum.
    targets : ndarray of shape (n_indicators,)
        The target importances, scaled to sum to one.
    objective : float
        The mean squared difference between importances and targets. COINr's objective is its
        logarithm.
    converged : bool
        Whether the targets are met. If not, the weights are the best possible ones: no other
        weights of at least 0 have a smaller objective.
    """

    weights: Floats
    correlations: Floats
    importances: Floats
    targets: Floats
    objective: float
    converged: bool


def balanced_weights(values: ArrayLike, targets: ArrayLike | None = None) -> Balance:
    r"""Return the weights whose importances are closest to the targets.

    The importance of an indicator is its correlation $r_k$ with the weighted mean, divided by the
    sum of these correlations. The weights, which are not negative, minimise
    $\frac{1}{n} \sum_k (t_k - r_k / \sum_l r_l)^2$. With the correlation matrix R of the
    indicators, their standard deviations $s_k$ and $v_k = w_k s_k$, the importances are
    proportional to R v. This makes it a least-squares problem with a unique solution, which is
    computed without a search: it is the solution of R v = t if that is positive.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN denotes a missing value; units with missing values are left out.
    targets : array_like of shape (n_indicators,), optional
        Target importances, above zero; they are scaled to sum to one. Equal by default.

    Raises
    ------
    MethodError
        Targets that are not above 0, infinite values, fewer than three units with all values, or
        an indicator that is the same for all of these units.

    References
    ----------
    Becker, W., Saisana, M., Paruolo, P. and Vandecasteele, I. (2017), Weights and importance in
    composite indicators: closing the gap. https://doi.org/10.1016/j.ecolind.2017.03.056

    Examples
    --------
    >>> result = balanced_weights([[1.0, 10.0], [2.0, 50.0], [3.0, 30.0]])
    >>> result.weights.round(4).tolist(), result.importances.round(4).tolist(), result.converged
    ([0.9524, 0.0476], [0.5, 0.5], True)
    """
    x, names = table_of(values)
    t = np.ones(len(names)) if targets is None else as_floats(targets, "targets")
    if t.shape != (len(names),) or not ((t > 0) & np.isfinite(t)).all():
        msg = f"targets must be {len(names)} finite numbers above 0, got {t.tolist()}"
        raise MethodError(msg)
    t = in_proportion(t)
    if len(names) == 1:
        one = np.ones(1)
        return Balance(
            weights=one, correlations=one, importances=one, targets=t, objective=0.0, converged=True
        )
    rows, powers = in_range(complete_rows(x, names, "balanced"))
    deviation = check_not_constant(rows, names, "balanced")
    correlations = np.asarray(np.corrcoef(rows, rowvar=False))
    v = _nearest(correlations, t)
    reached = correlations @ v
    # These weights apply to the unscaled values; the largest stays within the range of floats.
    weights = np.ldexp(v / deviation, powers.min() - powers)
    importances = reached / reached.sum()
    return Balance(
        weights=np.asarray(weights / weights.sum()),
        correlations=np.asarray(reached / np.sqrt(v @ reached)),
        importances=np.asarray(importances),
        targets=t,
        objective=float(((t - importances) ** 2).mean()),
        converged=bool(np.abs(t - importances).max() <= _MET),
    )


def _nearest(correlations: Floats, targets: Floats) -> Floats:
    """Return the v >= 0 with R v closest to the targets, where the importances sum to one."""
    from scipy.optimize import lsq_linear

    sums = correlations.sum(axis=0)
    # If the importances must sum to one, the objective is quadratic. Adding this condition as a
    # row with a large weight finds which variables are 0; the others are then solved exactly.
    heavy = 1e4
    system = np.vstack([correlations, heavy * sums])
    result = lsq_linear(system, np.append(targets, heavy), bounds=(0, np.inf), method="bvls")
    v = np.maximum(result.x, 0.0)
    used = np.flatnonzero(v > 0)
    r, s = correlations[:, used], sums[used]
    conditions = np.block([[r.T @ r, s[:, np.newaxis]], [s[np.newaxis], np.zeros((1, 1))]])
    solved = np.linalg.lstsq(conditions, np.append(r.T @ targets, 1.0), rcond=None)[0][:-1]
    v[used] = np.maximum(solved, 0.0)
    return np.asarray(v)


def _targets(targets: object) -> dict[str, float]:
    return numbers_by_code("targets", targets, above=0)


@frozen
class Balanced:
    """Weights by `balanced_weights`, with targets by code.

    If no weights of at least 0 meet the targets, a warning is issued and the weights that come
    closest are used.

    Parameters
    ----------
    targets : mapping of str to float, optional
        Target importances by code, above zero; they need not sum to one. Equal by default. Every
        child must have a target, and no other code may have one.
    """

    traits: ClassVar[Traits] = Traits()

    targets: dict[str, float] = field(factory=dict, converter=_targets)

    def balance(self, values: Floats, children: Sequence[Node]) -> Balance:
        """Return the weights and how close their importances are to the targets, without warnings.

        Raises a MethodError if the targets are for other codes than those of the children, and in
        the cases in which `balanced_weights` raises one.
        """
        codes = [child.code for child in children]
        targets = self.targets or dict.fromkeys(codes, 1.0)
        faults = [f"{code!r}: no target" for code in codes if code not in targets]
        faults += [
            f"{code!r}: no child{did_you_mean(code, codes)}"
            for code in targets
            if code not in codes
        ]
        if faults:
            msg = f"targets must refer to {', '.join(codes)}"
            raise MethodError(msg, faults)
        return balanced_weights(named(values, children), [targets[code] for code in codes])

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the weights; warn if the targets are not met."""
        balance = self.balance(values, children)
        if not balance.converged:
            triples = zip(children, balance.importances, balance.targets, strict=True)
            listed = ", ".join(f"{c.code} {met:.3f} (target {t:.3f})" for c, met, t in triples)
            msg = f"no weights of at least 0 meet the targets; importances reached: {listed}"
            warn(msg, DLIWarning, stacklevel=2)
        return balance.weights

    def describe(self) -> str:
        """Return a sentence with the formula."""
        listed = ", ".join(f"{code} {t:g}" for code, t in self.targets.items()) or "all equal"
        return (
            r"Balanced weights: they minimise $\frac{1}{n} \sum_k (t_k - r_k / \sum_l r_l)^2$ with "
            "the correlations $r_k$ of the children with their weighted mean and the targets "
            f"$t_k$: {listed}."
        )
