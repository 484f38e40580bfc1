"""Copies of a random imputation, each with a different seed."""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from dli.errors import MethodError
from dli.method import Method

__all__ = ["EXAMPLES", "named", "require_imputation", "seeded"]

# Attributes with the seed of an imputation: in this library and in scikit-learn.
_SEEDS = ("seed", "random_state")
# The imputations that messages suggest.
EXAMPLES = (
    "dli.imputation.RegressionDraws() or scikit-learn's IterativeImputer(sample_posterior=True)"
)


def named(imputation: Any) -> str:
    """Return the class name of an imputation, or those in a mapping, for messages."""
    if isinstance(imputation, Mapping):
        names = [type(choice).__name__ for choice in imputation.values() if choice is not None]
        return ", ".join(dict.fromkeys(names))
    return type(imputation).__name__


def require_imputation(imputation: Any) -> None:
    """Raise a `MethodError` if an object is not an imputation, before the first table is drawn."""
    choices = list(imputation.values()) if isinstance(imputation, Mapping) else [imputation]
    if all(choice is None for choice in choices):
        msg = f"imputation must draw missing values, such as {EXAMPLES}; got {imputation!r}"
        raise MethodError(msg)
    Method(imputation=imputation)


def seeded(imputation: Any, seed: int) -> Any:
    """Return a copy of an imputation with a seed, or the imputation itself if it has no seed.

    Parameters
    ----------
    imputation : object, or mapping of level or code to object
        The imputation.
    seed : int
        The value of the attribute ``seed`` or ``random_state`` of the copy. For a scikit-learn
        estimator, the seeds of its nested estimators are set too. Several seeds are set to numbers
        derived from this one, so that their random numbers differ.

    Raises
    ------
    MethodError
        The seed of the imputation cannot be set.

    Examples
    --------
    >>> from dli.imputation import RegressionDraws
    >>> seeded(RegressionDraws(2), 7)
    RegressionDraws(n_predictors=2, seed=7)
    """
    if isinstance(imputation, Mapping):
        items = enumerate(imputation.items())
        return {key: seeded(choice, _derived(seed, place, 0)) for place, (key, choice) in items}
    parameters: list[str] = []
    try:
        names = [name for name in _SEEDS if hasattr(imputation, name)]
        if callable(getattr(imputation, "get_params", None)):
            # With deep=True, scikit-learn also lists the parameters of nested estimators.
            parameters = [
                name
                for name in imputation.get_params(deep=True)
                if name.rpartition("__")[2] in _SEEDS
            ]
        if not names and not parameters:
            return imputation
        copied = copy.deepcopy(imputation)
        if parameters:
            return copied.set_params(
                **{
                    name: _derived(seed, place) if place else seed
                    for place, name in enumerate(parameters)
                }
            )
        for name in names:
            # This also works for a frozen object; nothing else refers to the copy.
            object.__setattr__(copied, name, seed)
    except Exception as error:
        msg = (
            f"cannot set the seed of the imputation {named(imputation)}: "
            f"{type(error).__name__}: {error}"
        )
        raise MethodError(msg) from error
    return copied


def _derived(seed: int, *key: int) -> int:
    """Return a seed below 2**32, which scikit-learn requires, that differs for each key."""
    return int(np.random.SeedSequence(seed, spawn_key=key).generate_state(1)[0])
