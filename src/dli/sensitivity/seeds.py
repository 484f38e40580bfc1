"""Imputations that draw at random, each copy with a seed of its own."""

import copy
from collections.abc import Mapping
from typing import Any

from dli.errors import MethodError
from dli.method import Method

__all__ = ["EXAMPLES", "named", "require_imputation", "seeded"]

# Attributes that hold the seed of an imputation: this library's name and that of scikit-learn.
_SEEDS = ("seed", "random_state")
# Seeds of scikit-learn are below this.
_MOST = 2**32
# What messages advise.
EXAMPLES = (
    "dli.imputation.RegressionDraws() or scikit-learn's IterativeImputer(sample_posterior=True)"
)


def named(imputation: Any) -> str:
    """Return the class of an imputation, or those of a mapping, for messages."""
    if isinstance(imputation, Mapping):
        own = [type(choice).__name__ for choice in imputation.values() if choice is not None]
        return ", ".join(dict.fromkeys(own))
    return type(imputation).__name__


def require_imputation(imputation: Any) -> None:
    """Refuse what is no imputation, before the first table."""
    choices = list(imputation.values()) if isinstance(imputation, Mapping) else [imputation]
    if all(choice is None for choice in choices):
        msg = f"imputation must draw missing values, such as {EXAMPLES}; got {imputation!r}"
        raise MethodError(msg)
    Method(imputation=imputation)


def seeded(imputation: Any, seed: int) -> Any:
    """Return an imputation with a seed, or itself if it takes none.

    Parameters
    ----------
    imputation : object, or mapping of level or code to object
    seed : int
        Set as the attribute ``seed`` or ``random_state`` of a copy; of an estimator of
        scikit-learn, also within the estimators that it is made of. Of several seeds, the first
        is this one and the others follow it, so that no two draw the same.

    Raises
    ------
    MethodError
        The imputation has a seed that cannot be set.

    Examples
    --------
    >>> from dli.imputation import RegressionDraws
    >>> seeded(RegressionDraws(2), 7)
    RegressionDraws(n_predictors=2, seed=7)
    """
    if isinstance(imputation, Mapping):
        items = enumerate(imputation.items())
        return {key: seeded(choice, _beside(seed, place)) for place, (key, choice) in items}
    parameters: list[str] = []
    try:
        names = [name for name in _SEEDS if hasattr(imputation, name)]
        if callable(getattr(imputation, "get_params", None)):
            # Of an estimator of scikit-learn, those of the estimators within it too.
            parameters = [
                name
                for name in imputation.get_params(deep=True)
                if name.rpartition("__")[2] in _SEEDS
            ]
        if not names and not parameters:
            return imputation
        own = copy.deepcopy(imputation)
        if parameters:
            return own.set_params(
                **{name: _beside(seed, place) for place, name in enumerate(parameters)}
            )
        for name in names:
            object.__setattr__(own, name, seed)  # the copy of a frozen object is nobody else's
    except Exception as error:
        msg = (
            f"imputation {named(imputation)} cannot be given a seed of its own: "
            f"{type(error).__name__}: {error}"
        )
        raise MethodError(msg) from error
    return own


def _beside(seed: int, place: int) -> int:
    return (seed + place) % _MOST
