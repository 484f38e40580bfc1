"""Weights under which each child is as important as it should be."""

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

# The share of importance by which a target may be missed and still count as met.
_MET = 1e-6


@frozen(kw_only=True, eq=False)
class Balance:
    """Weights, the importances under them, and how near they come to their targets.

    Attributes
    ----------
    weights : ndarray of shape (n_indicators,)
        Sum to one.
    correlations : ndarray of shape (n_indicators,)
        Of each indicator with the weighted mean.
    importances : ndarray of shape (n_indicators,)
        Correlations over their sum.
    targets : ndarray of shape (n_indicators,)
        Scaled to sum to one.
    objective : float
        The mean squared difference of importances from targets; COINr's objective is its
        logarithm.
    converged : bool
        The targets are met. Otherwise the weights are the nearest: no others of at least 0 have a
        smaller objective.
    """

    weights: Floats
    correlations: Floats
    importances: Floats
    targets: Floats
    objective: float
    converged: bool


def balanced_weights(values: ArrayLike, targets: ArrayLike | None = None) -> Balance:
    r"""Return the weights under which importances come nearest to targets.

    The importance of an indicator is its correlation $r_k$ with the weighted mean, over the
    sum of all; the weights, not negative, minimise
    $\frac{1}{n} \sum_k (t_k - r_k / \sum_l r_l)^2$. With the correlations R of indicators
    and $v_k = w_k s_k$, importances are in proportion to R v, so this is a least squares
    problem with a single solution, found without a search: R v = t where that is positive.

    Parameters
    ----------
    values : array_like of shape (n_units, n_indicators)
        NaN is missing: units that lack a value are left out.
    targets : array_like of shape (n_indicators,), optional
        Above zero; they are scaled to sum to one. By default all are the same.

    Raises
    ------
    MethodError
        Targets that are not above 0, infinite values, fewer than three units with all values, or
        an indicator that is the same for all of them.

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
    # Of the values themselves: the largest weight stays within the range of floats.
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
    """Return the v >= 0 that brings R v nearest to the targets, importances summing to one."""
    from scipy.optimize import lsq_linear

    sums = correlations.sum(axis=0)
    # With the sum of importances fixed at one the objective is quadratic. Taking the sum as one
    # more row of large weight finds which are 0; on the others it is then solved exactly.
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
    """Weights by `balanced_weights`, with codes.

    Targets that no weights of at least 0 meet give a warning, and the nearest weights are used.

    Parameters
    ----------
    targets : mapping of str to float, optional
        By code, above zero, in any proportion; all the same when there are none. Every child must
        be in it, and nothing else.
    """

    traits: ClassVar[Traits] = Traits()

    targets: dict[str, float] = field(factory=dict, converter=_targets)

    def balance(self, values: Floats, children: Sequence[Node]) -> Balance:
        """Return weights, importances and how near they come, without any warning.

        Raises a MethodError for targets of other codes, and as `balanced_weights` does.
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
            msg = f"targets must be on {', '.join(codes)}"
            raise MethodError(msg, faults)
        return balanced_weights(named(values, children), [targets[code] for code in codes])

    def weights(self, values: Floats, children: Sequence[Node]) -> Floats:
        """Return the weights; warn if the targets are not met."""
        balance = self.balance(values, children)
        if not balance.converged:
            triples = zip(children, balance.importances, balance.targets, strict=True)
            reached = ", ".join(f"{c.code} {met:.3f} for {aim:.3f}" for c, met, aim in triples)
            msg = f"no weights of at least 0 meet the targets; importances reached: {reached}"
            warn(msg, DLIWarning, stacklevel=2)
        return balance.weights

    def describe(self) -> str:
        """Return a sentence with the formula."""
        aims = ", ".join(f"{code} {t:g}" for code, t in self.targets.items()) or "all the same"
        return (
            r"Balanced weights: the least $\frac{1}{n} \sum_k (t_k - r_k / \sum_l r_l)^2$ with the "
            "correlations $r_k$ of children with their weighted mean and the targets $t_k$: "
            f"{aims}."
        )
