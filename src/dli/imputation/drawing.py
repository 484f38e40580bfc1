"""Imputation by draws from a regression, so that imputed values vary as known values do."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import ClassVar

import numpy as np
from attrs import frozen

from dli.arrays import Integers
from dli.checks import is_whole, refuse
from dli.errors import MethodError
from dli.imputation.protocol import Context, Floats
from dli.imputation.regression import Fit, Regression

__all__ = ["RegressionDraws"]

# TOML files cannot store larger whole numbers.
_MOST = 2**63 - 1
# Predictors are left out if the previous ones explain all but this share of them.
_COLLINEAR = 1e-10


@frozen
class RegressionDraws(Regression):
    r"""Fill the gaps of an indicator with draws from the regression on its closest indicators.

    The regression is that of `Regression`, with a line and noise drawn again for each ``seed``:
    $x_j = \dot a + \sum_k \dot b_k x_k + \dot\sigma e$ with $e \sim N(0, 1)$ for each
    unit, $\dot\sigma^2 = \sum r^2 / \chi^2$ over the residuals $r$ with a random
    $\chi^2$ of as many degrees of freedom as the fit has, and $\dot a, \dot b$ normal
    around the least squares estimates with their covariance at $\dot\sigma$. The draws
    thus reflect both the residual variation and the uncertainty of the line: they are "proper" in
    the sense of Rubin, and suitable for `dli.sensitivity.multiple_imputation`.

    Parameters
    ----------
    n_predictors : int
        The largest number of predictors. The fit needs four more units than it has predictors,
        and uses fewer predictors otherwise.
    seed : int
        The seed of the draws; the same seed gives the same draws. A draw is determined by the names
        of the unit, period and indicator, and does not depend on the order of rows and columns.

    Notes
    -----
    Draws are normal around the line, and may lie beyond the range of the indicator: transform
    shares and skewed indicators beforehand, or clip them afterwards with `dli.treatment.Clip`. Gaps
    of a unit in several indicators are drawn independently of each other, given its known values.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys. Wiley.

    van Buuren (2018), Flexible Imputation of Missing Data, second edition. Chapman and Hall/CRC.

    Examples
    --------
    >>> context = Context(units=tuple("ABCDEF"), codes=("x", "y"))
    >>> values = np.array([[1, 3.1], [2, 4.8], [3, 7.2], [4, 9.1], [5, 10.8], [6, np.nan]])
    >>> for seed in (1, 2, 1):
    ...     print(f"{RegressionDraws(seed=seed).impute(values, context)[5, 1]:.2f}")
    12.80
    12.92
    12.80
    """

    # With three degrees of freedom or more, the drawn variance has a finite mean.
    _n_spare: ClassVar[int] = 4
    seed: int = 0

    def __attrs_post_init__(self) -> None:
        faults = []
        if not is_whole(self.n_predictors, 1):
            faults.append(
                f"n_predictors must be a whole number of at least 1, got {self.n_predictors!r}"
            )
        if not is_whole(self.seed, 0, _MOST):
            faults.append(f"seed must be a whole number from 0 to 2**63 - 1, got {self.seed!r}")
        refuse("RegressionDraws", faults)

    def impute(self, values: Floats, context: Context) -> Floats:
        """Return filled values.

        Raises
        ------
        MethodError
            If an indicator with gaps has fewer than four values, too few to estimate the noise.
        """
        known = ~np.isnan(values)
        n_known = known.sum(axis=0)
        few = ~known.all(axis=0) & (n_known < self._n_spare)
        if few.any():
            faults = [f"{context.codes[j]!r}: {n_known[j]}" for j in np.flatnonzero(few).tolist()]
            msg = f"RegressionDraws needs at least {self._n_spare} values of an indicator with gaps"
            raise MethodError(msg, faults)
        return super().impute(values, context)

    def _predicted(self, fit: Fit, rows: Integers, context: Context) -> Floats:
        """Return draws for some rows around a line that is itself drawn."""
        root, kept = _root(fit.design)
        design, moves = fit.design[:, kept], fit.moves[:, kept]
        slopes = np.linalg.lstsq(design, fit.outcome, rcond=None)[0]
        residuals = fit.outcome - design @ slopes
        n_fitted, n_predictors = design.shape
        names = (self.seed, context.codes[fit.place])
        # Gaps that are filled from the same line must use the same draw of it.
        line = np.random.default_rng(int.from_bytes(_digest("line", *names)))
        spread = np.sqrt((residuals**2).sum() / line.chisquare(n_fitted - n_predictors - 1))
        level = fit.level + spread * line.standard_normal() / np.sqrt(n_fitted)
        slopes = slopes + spread * np.linalg.solve(root, line.standard_normal(n_predictors))
        periods = (None,) * len(context.units) if context.periods is None else context.periods
        noise = _normal(
            [_digest("noise", *names, context.units[i], periods[i]) for i in rows.tolist()]
        )
        return np.asarray(level + moves @ slopes + spread * noise)

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        return (
            r"Missing values are drawn from the regression $x_j = a + \sum_k b_k x_k + \sigma e$ "
            f"on up to {self.n_predictors} of the indicators that correlate most with the "
            r"indicator, with $a$, $b$ and $\sigma$ drawn from their posterior distribution "
            f"(seed {self.seed})."
        )


def _root(design: Floats) -> tuple[Floats, Integers]:
    """Return R with R'R = X'X, and the predictors that remain without collinear ones.

    R has a positive diagonal, so that it does not depend on the order of the units.
    """
    sizes = np.sqrt((design**2).sum(axis=0))
    own = np.abs(np.diag(np.linalg.qr(design, mode="r")))
    kept = np.flatnonzero(own > _COLLINEAR * sizes)
    root = np.linalg.qr(design[:, kept], mode="r")
    return root * np.sign(np.diag(root))[:, np.newaxis], kept


def _digest(*names: object) -> bytes:
    """Return eight pseudo-random bytes that depend on the names alone."""
    text = "\x1f".join(map(str, names)).encode(errors="backslashreplace")
    return blake2b(text, digest_size=8).digest()


def _normal(digests: Sequence[bytes]) -> Floats:
    """Return one standard normal number for each digest of eight bytes."""
    from scipy.special import ndtri  # imported here, since loading it is slow

    whole = np.frombuffer(b"".join(digests), dtype="<u8") >> np.uint64(11)
    return np.asarray(ndtri((whole + 0.5) / 2.0**53))
