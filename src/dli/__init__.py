"""Composite indices that can be built, defended and reproduced.

The classes are here; what they are made of is one dot further: `dli.normalisation`,
`dli.weighting`, `dli.aggregation`, `dli.models`, `dli.datasets`, and what builds on an assessment:
`dli.robustness`, `dli.sensitivity`, `dli.diagnosis`, `dli.change`, `dli.capability`, `dli.links`,
`dli.plots`, `dli.report`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dli import aggregation, normalisation, weighting
from dli.assessment import Assessment
from dli.errors import (
    DataError,
    DivergentInfluenceError,
    DLIError,
    DLIWarning,
    FileError,
    InconsistentJudgementsError,
    MethodError,
    ModelError,
    StudyError,
    UnknownCodeError,
)
from dli.framework import Bands, Index, Indicator
from dli.method import Coverage, Method
from dli.observations import Observations

if TYPE_CHECKING:
    from dli import (
        capability,
        change,
        datasets,
        diagnosis,
        elicitation,
        exchange,
        imputation,
        links,
        models,
        multivariate,
        plots,
        report,
        robustness,
        screening,
        sensitivity,
        treatment,
    )
    from dli.versions import show_versions

    __version__: str

__all__ = [
    "Assessment",
    "Bands",
    "Coverage",
    "DLIError",
    "DLIWarning",
    "DataError",
    "DivergentInfluenceError",
    "FileError",
    "InconsistentJudgementsError",
    "Index",
    "Indicator",
    "Method",
    "MethodError",
    "ModelError",
    "Observations",
    "StudyError",
    "UnknownCodeError",
    "aggregation",
    "capability",
    "change",
    "datasets",
    "diagnosis",
    "elicitation",
    "exchange",
    "imputation",
    "links",
    "models",
    "multivariate",
    "normalisation",
    "plots",
    "report",
    "robustness",
    "screening",
    "sensitivity",
    "show_versions",
    "treatment",
    "weighting",
]

# What not every assessment needs loads when it is first asked for.
_LATER = (
    "capability",
    "change",
    "datasets",
    "diagnosis",
    "elicitation",
    "exchange",
    "imputation",
    "links",
    "models",
    "multivariate",
    "plots",
    "report",
    "robustness",
    "screening",
    "sensitivity",
    "treatment",
)


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return import_module(f"dli.{name}")
    if name == "show_versions":
        return import_module("dli.versions").show_versions
    if name == "__version__":
        return import_module("dli.versions").installed()
    msg = f"module 'dli' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return __all__
