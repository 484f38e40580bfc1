"""Build, defend and reproduce composite indices.

The main classes are in this namespace. The steps of a method are in `dli.imputation`,
`dli.treatment`, `dli.normalisation`, `dli.weighting` and `dli.aggregation`, the bundled indices and
data in `dli.models` and `dli.datasets`, and the analyses of an assessment in `dli.robustness`,
`dli.sensitivity`, `dli.diagnosis`, `dli.change`, `dli.capability`, `dli.links`, `dli.plots` and
`dli.report`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from dli import (
        aggregation,
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
        normalisation,
        plots,
        report,
        robustness,
        screening,
        sensitivity,
        treatment,
        weighting,
    )
    from dli.assessment import Assessment
    from dli.framework import Bands, Index, Indicator
    from dli.method import Coverage, Method
    from dli.observations import Observations
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

# Everything but the errors loads when it is first asked for, so that a tool that imports dli
# starts fast. What is not listed here is a module.
_MODULE_OF = {
    "Assessment": "assessment",
    "Bands": "framework",
    "Coverage": "method",
    "Index": "framework",
    "Indicator": "framework",
    "Method": "method",
    "Observations": "observations",
    "show_versions": "versions",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        value = getattr(import_module(f"dli.{_MODULE_OF[name]}"), name)
        globals()[name] = value  # so that the next access does not come here
        return value
    if name in __all__:
        return import_module(f"dli.{name}")
    if name == "__version__":
        return import_module("dli.versions").installed()
    msg = f"module 'dli' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return __all__
