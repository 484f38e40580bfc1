"""The unobserved components model: scores estimated from noisy sources, with standard errors."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from dli.aggregation.checks import as_values
from dli.aggregation.protocol import Traits
from dli.aggregation.sources import Parameters, fitted, log_likelihood
from dli.arrays import Floats, as_floats, as_table, frozen_copy
from dli.checks import is_whole, number_fault, refuse
from dli.errors import MethodError

__all__ = ["UnobservedComponents", "UnobservedScores", "unobserved_components"]

# Squares of error standard deviations within these limits keep their digits when added.
_LIMITS: dict[str, dict[str, float]] = {
    "alpha": {},
    "beta": {"above": 0},
    "sigma": {"least": 1e-9, "most": 1e9},
}


@frozen(kw_only=True, eq=False)
class UnobservedScores:
    r"""The scores of an unobserved components model, their standard errors and its parameters.

    Attributes
    ----------
    scores : ndarray of shape (n_units,)
        The expected score of each unit given its values, in standard deviations of the score over
        the population of units; NaN for a unit without any value.
    standard_errors : ndarray of shape (n_units,)
        The standard deviation of the score of each unit given its values. The parameters are
        treated as known, so their uncertainty is not included.
    alpha, beta : ndarray of shape (n_sources,)
        The intercept and the slope of each source, in its unit of measure.
    sigma : ndarray of shape (n_sources,)
        The standard deviation of the error of each source, in units of the score.
    log_likelihood : float
        The log-likelihood of all values under the parameters.
    iterations : int
        The iterations of the optimiser; 0 if the parameters were given.
    converged : bool
        Whether the gradient of the likelihood vanishes at the parameters; True if the parameters
        were given.
    """

    scores: Floats = field(converter=frozen_copy)
    standard_errors: Floats = field(converter=frozen_copy)
    alpha: Floats = field(converter=frozen_copy)
    beta: Floats = field(converter=frozen_copy)
    sigma: Floats = field(converter=frozen_copy)
    log_likelihood: float
    iterations: int
    converged: bool


def unobserved_components(
    values: ArrayLike,
    *,
    alpha: ArrayLike | None = None,
    beta: ArrayLike | None = None,
    sigma: ArrayLike | None = None,
    min_units: int = 10,
    max_iterations: int = 1000,
) -> UnobservedScores:
    r"""Estimate the score of each unit from sources that measure it with error.

    Source j reports $y_{ij} = \alpha_j + \beta_j (g_i + \varepsilon_{ij})$ of the score
    $g_i \sim N(0, 1)$ of unit i, with independent errors
    $\varepsilon_{ij} \sim N(0, \sigma_j^2)$. The estimate and its standard error are

    $$
    E[g_i \mid y_i] = \frac{\sum_j \sigma_j^{-2} (y_{ij} - \alpha_j) / \beta_j}
    {1 + \sum_j \sigma_j^{-2}}, \qquad
    SD[g_i \mid y_i] = \Bigl(1 + \sum_j \sigma_j^{-2}\Bigr)^{-1/2}
    $$

    over the sources that report the unit: precise sources count most, and a unit with few sources
    is shrunk towards the mean and has a large standard error. The parameters maximise the
    likelihood (`scipy.optimize.minimize`, BFGS, with the exact gradient), unless they are given.

    Parameters
    ----------
    values : array_like of shape (n_units, n_sources)
        Higher values must be better in every source. NaN marks a value that is missing at random.
    alpha, beta, sigma : array_like of shape (n_sources,), optional
        Fixed parameters, for instance those of another year; give all three or none.
    min_units : int
        The smallest number of units that a source must have, and that two sources must share to
        count as linked.
    max_iterations : int
        The largest number of iterations of the optimiser; if they do not suffice, a warning is
        issued.

    Returns
    -------
    UnobservedScores
        The scores with their standard errors, and the parameters of each source.

    Raises
    ------
    MethodError
        If sources have too few units, or values that do not differ; if their parameters are not
        identified, because they are not linked in a group with an odd cycle, such as three sources
        that share units pair by pair; if sources are not positively related to the rest, or have no
        error of their own; or if there are fewer than three sources and no parameters are given.

    Warns
    -----
    DLIWarning
        If the likelihood was not maximised within ``max_iterations``.

    Notes
    -----
    The scale of the score is not identified: its mean of 0 and its standard deviation of 1 over the
    population are conventions. An error common to all sources is not identified either, and counts
    as part of the score. The estimates vary less than the score itself.

    References
    ----------
    Kaufmann, Kraay and Mastruzzi (2010), The Worldwide Governance Indicators: Methodology and
    Analytical Issues. World Bank Policy Research Working Paper 5430.
    https://doi.org/10.1596/1813-9450-5430

    Examples
    --------
    >>> result = unobserved_components(
    ...     [[12.0, 3.0], [8.0, np.nan]], alpha=[10, 2], beta=[2, 1], sigma=[1, 0.5]
    ... )
    >>> result.scores.round(3).tolist(), result.standard_errors.round(3).tolist()
    ([0.833, -0.5], [0.408, 0.707])
    """
    # Use one memory layout, so that rounding in sums does not depend on the caller's.
    x = np.ascontiguousarray(as_table(values, columns="n_sources", missing=True))
    faults = [*_whole_faults(3, min_units=min_units)]
    faults += _whole_faults(1, max_iterations=max_iterations)
    faults += _parameter_faults(alpha=alpha, beta=beta, sigma=sigma)
    refuse("unobserved_components", faults)
    given, iterations, converged = _given(alpha, beta, sigma), 0, True
    if given is None:
        given, iterations, converged = fitted(x, min_units, max_iterations)
    intercepts, slopes, deviations = given
    scaled = _scaled(x, intercepts, slopes)
    scores, errors = _posterior(scaled, deviations)
    n_sources = x.shape[1]
    likelihood, _ = log_likelihood(scaled, np.zeros(n_sources), np.ones(n_sources), deviations**2)
    n_values = (~np.isnan(x)).sum(axis=0)
    return UnobservedScores(
        scores=scores,
        standard_errors=errors,
        alpha=intercepts,
        beta=slopes,
        sigma=deviations,
        log_likelihood=float(likelihood - n_values @ np.log(slopes)),
        iterations=iterations,
        converged=converged,
    )


def _as_tuple(values: Any) -> Any:
    """Return a sequence of numbers as a tuple, and anything else unchanged for the checks."""
    try:
        parameters = as_floats(values)
    except MethodError:
        return values
    return tuple(parameters.tolist()) if parameters.ndim == 1 else values


@frozen
class UnobservedComponents:
    r"""Combine children by the unobserved components model of the Worldwide Governance Indicators.

    Each child is a source that measures the score with error; the score of a unit is its expected
    value given the reports of all sources. See `unobserved_components`, which also returns the
    standard errors. A linear normalisation beforehand makes no difference, unless parameters are
    given.

    Declared weights have no effect: the precision of a child determines how much it counts. A
    missing child is left out, and the score is then shrunk more strongly towards the mean.

    Parameters
    ----------
    mean, sd : float
        The score is ``mean`` plus ``sd`` times the estimate.
    alpha, beta, sigma : sequence of float, optional
        The parameters of the children in their order; give all three or none. By default they are
        estimated from the units in the data, all periods together.
    min_units : int
        The smallest number of units that a child must have, and that two children must share to
        count as linked.

    Examples
    --------
    >>> scheme = UnobservedComponents(50, 10, alpha=[10, 2], beta=[2, 1], sigma=[1, 0.5])
    >>> values = np.array([[12.0, 3.0], [8.0, np.nan]])
    >>> scheme.aggregate(values, np.array([0.5, 0.5])).round(3).tolist()
    [58.333, 45.0]
    """

    traits: ClassVar[Traits] = Traits(skips_missing=True, draws=True, kinked=False)

    mean: float = 0.0
    sd: float = 1.0
    alpha: tuple[float, ...] | None = field(default=None, kw_only=True, converter=_as_tuple)
    beta: tuple[float, ...] | None = field(default=None, kw_only=True, converter=_as_tuple)
    sigma: tuple[float, ...] | None = field(default=None, kw_only=True, converter=_as_tuple)
    min_units: int = field(default=10, kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [number_fault("mean", self.mean), number_fault("sd", self.sd, above=0)]
        faults += _whole_faults(3, min_units=self.min_units)
        faults += _parameter_faults(alpha=self.alpha, beta=self.beta, sigma=self.sigma)
        refuse("UnobservedComponents", filter(None, faults))

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the score of each row; the weights are not used."""
        x = as_values(values)
        if self.alpha is not None:
            return self.fit(x).aggregate(x, weights)
        samples = x.reshape(-1, *x.shape[-2:])
        # The likelihood is maximised separately for each sample.
        scores = [self.fit(sample).aggregate(sample, weights) for sample in samples]
        return np.reshape(scores, x.shape[:-1])

    def fit(self, values: ArrayLike) -> "HeldUnobservedComponents":
        """Return the model with parameters estimated from these values, for use on other values."""
        parameters = _given(self.alpha, self.beta, self.sigma)
        if parameters is None:
            result = unobserved_components(values, min_units=self.min_units)
            parameters = (result.alpha, result.beta, result.sigma)
        alpha, beta, sigma = parameters
        return HeldUnobservedComponents(
            alpha=alpha, beta=beta, sigma=sigma, mean=self.mean, sd=self.sd
        )

    def describe(self) -> str:
        """Return a one-sentence description with the formula."""
        how = "estimated by maximum likelihood" if self.alpha is None else "given"
        return (
            f"Unobserved components model: $S = {self.mean:g} + {self.sd:g} E[g | y]$ of "
            r"$y_j = \alpha_j + \beta_j (g + \varepsilon_j)$, $g \sim N(0, 1)$, "
            rf"$\varepsilon_j \sim N(0, \sigma_j^2)$, its parameters {how}; declared weights do "
            "not enter."
        )


@frozen(kw_only=True, eq=False)
class HeldUnobservedComponents:
    r"""An unobserved components model with fixed parameters.

    The score of a unit depends on its own values alone, and is linear in them.

    Attributes
    ----------
    alpha, beta, sigma : ndarray of shape (n_children,)
        As in `UnobservedScores`.
    mean, sd : float
        The score is ``mean`` plus ``sd`` times the estimate.

    Examples
    --------
    >>> held = UnobservedComponents(alpha=[10, 2], beta=[2, 1], sigma=[1, 0.5]).fit([[1.0, 2.0]])
    >>> half = np.array([0.5, 0.5])
    >>> held.gradient(np.array([[12.0, 3.0], [8.0, np.nan]]), half).round(3).tolist()
    [[0.083, 0.667], [0.25, 0.0]]
    """

    traits: ClassVar[Traits] = Traits(
        skips_missing=True, local=True, concave=True, draws=True, kinked=False
    )

    alpha: Floats = field(converter=frozen_copy)
    beta: Floats = field(converter=frozen_copy)
    sigma: Floats = field(converter=frozen_copy)
    mean: float
    sd: float

    def aggregate(self, values: Floats, weights: Floats) -> Floats:
        """Return the score of each row; the weights are not used."""
        scaled = _scaled(as_values(values), self.alpha, self.beta)
        return self.mean + self.sd * _posterior(scaled, self.sigma)[0]

    def gradient(self, values: Floats, weights: Floats) -> Floats:
        """Return the derivative of the score by each child, or 0 for a missing child."""
        precisions = np.where(np.isnan(as_values(values)), 0.0, self.sigma**-2.0)
        shares = precisions / (1 + precisions.sum(axis=-1, keepdims=True))
        return np.asarray(self.sd * shares / self.beta)


def _given(
    alpha: ArrayLike | None, beta: ArrayLike | None, sigma: ArrayLike | None
) -> Parameters | None:
    """Return checked parameters as arrays, or None if they were not given."""
    if alpha is None or beta is None or sigma is None:
        return None
    return as_floats(alpha, "alpha"), as_floats(beta, "beta"), as_floats(sigma, "sigma")


def _whole_faults(least: int, **numbers: object) -> Iterator[str]:
    for name, value in numbers.items():
        if not is_whole(value, least):
            yield f"{name} must be a whole number of at least {least}, got {value!r}"


def _parameter_faults(**parameters: Any) -> Iterator[str]:
    """Yield the faults of alpha, beta and sigma, which must be given together or not at all."""
    absent = [name for name, given in parameters.items() if given is None]
    if len(absent) == len(parameters):
        return
    if absent:
        missing = " and ".join(absent) + (" are" if len(absent) > 1 else " is")
        yield f"alpha, beta and sigma must be given together; {missing} missing"
    arrays = {}
    for name, given in parameters.items():
        try:
            arrays[name] = as_floats([] if given is None else given, name)
        except MethodError as error:
            yield "; ".join([error.summary, *error.faults])
    if absent or len(arrays) < len(parameters):
        return
    shapes = [array.shape for array in arrays.values()]
    if len(set(shapes)) > 1 or len(shapes[0]) != 1 or not shapes[0][0]:
        listed = ", ".join(map(str, shapes))
        yield f"alpha, beta and sigma must have the same shape (n_sources,), got {listed}"
        return
    for name, array in arrays.items():
        for j, number in enumerate(array.tolist()):
            fault = number_fault(f"{name} of column {j}", number, **_LIMITS[name])
            if fault:
                yield fault


def _scaled(x: Floats, alpha: Floats, beta: Floats) -> Floats:
    """Return values in units of the score, that is, the score plus an error."""
    if x.shape[-1] != alpha.size:
        msg = f"the parameters are those of {alpha.size} sources, but values have {x.shape[-1]}"
        raise MethodError(msg)
    with np.errstate(over="ignore"):
        scaled = (x - alpha) / beta
    far = (np.abs(scaled) > 1e100).reshape(-1, alpha.size).any(axis=0)
    if far.any():
        msg = "values are too far from those expected under alpha and beta; check their units"
        raise MethodError(msg, [f"column {j}" for j in np.flatnonzero(far).tolist()])
    return np.asarray(scaled)


def _posterior(scaled: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    """Return the mean and the standard deviation of scores, given values in units of the score."""
    known = ~np.isnan(scaled)
    precisions = np.where(known, sigma**-2.0, 0.0)
    total = 1 + precisions.sum(axis=-1)
    means = (precisions * np.where(known, scaled, 0.0)).sum(axis=-1) / total
    empty = ~known.any(axis=-1)
    return np.where(empty, np.nan, means), np.where(empty, np.nan, total**-0.5)
