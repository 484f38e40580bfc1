"""The choices of steps 3 to 6, as one frozen value."""

from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, fields, frozen

from dli.aggregation import ArithmeticMean
from dli.checks import is_number, is_whole
from dli.errors import MethodError, UnknownCodeError
from dli.framework import Index
from dli.framework.choices import FAMILIES, read_choice, write_choice
from dli.method.resolved import Choices, refined, resolved
from dli.normalisation import MinMax
from dli.weighting import Declared

__all__ = ["Method"]

MISSING = ("renormalise", "propagate", "raise")
_EXAMPLES = {
    "imputation": "ColumnMean()",
    "treatment": "Winsorise()",
    "normalisation": "MinMax()",
    "weighting": "Equal()",
    "aggregation": "GeometricMean()",
}


def _frozen_choice(choice: Any) -> Any:
    return dict(choice) if isinstance(choice, Mapping) else choice


@frozen(kw_only=True, repr=False)
class Method:
    """How indicators become scores: one choice for each step, or one for each part of the tree.

    A step is any object with the family's one method. A mapping ``{level or code: choice}`` gives
    parts of the tree choices of their own; where no key fits, the step's default holds. For steps
    on indicators (imputation, treatment, normalisation) a code stands for all below it and the
    nearest wins; for weighting and aggregation it stands for that node. Codes win over levels; 0
    is the level of the index. What a node of the index carries itself wins over the method.

    Parameters
    ----------
    availability : float
        The least share of indicators a unit must have; others are left out before all else.
    imputation, treatment : object, optional
        ``impute(values, context)`` or scikit-learn's ``fit_transform(values)``; ``treat(values)``.
    normalisation : object
        ``normalise(values, indicators)``.
    weighting : object
        ``weights(values, children)``.
    aggregation : object
        ``aggregate(values, weights)``.
    missing : {"renormalise", "propagate", "raise"}
        Share the weight of missing children among the rest, make the node missing, or refuse.
    coverage : float, or mapping of level or code to float
        The least share of its children that a node needs; below it the node is missing. 0 where
        no key fits.

    Raises
    ------
    MethodError
        Listing every invalid field.

    Examples
    --------
    >>> from dli.normalisation import ZScore
    >>> Method(normalisation=ZScore(), coverage=0.5)
    Method(normalisation=ZScore(mean=0.0, sd=1.0), coverage=0.5)
    """

    availability: float = 0.0
    imputation: Any = field(default=None, converter=_frozen_choice)
    treatment: Any = field(default=None, converter=_frozen_choice)
    normalisation: Any = field(default=MinMax(), converter=_frozen_choice)
    weighting: Any = field(default=Declared(), converter=_frozen_choice)
    aggregation: Any = field(default=ArithmeticMean(), converter=_frozen_choice)
    missing: str = "renormalise"
    coverage: Any = field(default=0.0, converter=_frozen_choice)

    def __attrs_post_init__(self) -> None:
        shares = {"availability": self.availability}
        if isinstance(self.coverage, Mapping):
            shares |= {f"coverage[{key!r}]": share for key, share in self.coverage.items()}
        else:
            shares["coverage"] = self.coverage
        faults = [
            f"{name} must be a share from 0 to 1, got {share!r}"
            for name, share in shares.items()
            if not (is_number(share) and 0 <= share <= 1)
        ]
        if self.missing not in MISSING:
            faults.append(f"missing must be one of {', '.join(MISSING)}, got {self.missing!r}")
        for family, act in FAMILIES.items():
            faults += self._family_faults(family, act)
        if faults:
            msg = "invalid method"
            raise MethodError(msg, faults)

    def __repr__(self) -> str:
        """Show what departs from the defaults."""
        own = [
            f"{step.name}={getattr(self, step.name)!r}"
            for step in fields(Method)
            if getattr(self, step.name) != step.default
        ]
        line = f"Method({', '.join(own)})"
        return line if len(line) <= 80 else "Method(\n    " + ",\n    ".join(own) + ",\n)"

    def _family_faults(self, family: str, act: str) -> list[str]:
        given = getattr(self, family)
        choices = given if isinstance(given, Mapping) else {"": given}
        optional = family in ("imputation", "treatment")
        faults = []
        for key, choice in choices.items():
            at = f"{family}[{key!r}]" if key != "" else family
            if not (is_whole(key) or isinstance(key, str)):
                faults.append(f"{family}: keys must be levels or codes, got {key!r}")
            if isinstance(choice, type):
                faults.append(f"{at} must be an object, got the class: write {choice.__name__}()")
            elif not (choice is None and optional) and not _acts(family, act, choice):
                faults.append(
                    f"{at} must be an object with a method {act}, such as "
                    f"dli.{family}.{_EXAMPLES[family]}, got {choice!r}"
                )
        return faults

    def check(self, index: Index) -> None:
        """Check that every key of a mapping names a part of an index.

        Raises
        ------
        UnknownCodeError
            Codes and levels that the index does not have.
        """
        steps = (*FAMILIES, "coverage")
        if not any(isinstance(getattr(self, step), Mapping) for step in steps):
            return
        nodes = [node.code for node in index.walk()]
        leaves = {indicator.code for indicator in index.indicators}
        known: list[object] = [*nodes, *sorted({index.level(code) for code in nodes})]
        for family in steps:
            given = getattr(self, family)
            if not isinstance(given, Mapping):
                continue
            what, there = "code or level", known
            if family in ("weighting", "aggregation", "coverage"):  # of nodes with children
                what, there = "sub-index or level", [key for key in known if key not in leaves]
            unknown = [key for key in given if key not in there]
            if unknown:
                raise UnknownCodeError(f"{what} for {family}", unknown, there)

    def resolve(self, index: Index) -> Choices:
        """Return what the choices come to for each node and indicator of an index.

        Raises
        ------
        UnknownCodeError
            A key of a mapping that names no node or level of the index.
        """
        self.check(index)
        names = [step.name for step in fields(Method)]
        defaults = {step.name: step.default for step in fields(Method)}
        return resolved({name: getattr(self, name) for name in names}, defaults, index)

    def refine(self, index: Index, **changes: Any) -> "Method":
        """Return the method with changes; a mapping changes the levels and codes that it names.

        Parameters
        ----------
        index : Index
            The tree whose levels keep the choices that they have.
        **changes
            Fields of the method.

        Examples
        --------
        >>> from dli import Index, Indicator
        >>> from dli.weighting import Entropy, Equal
        >>> index = Index("T", [Index("A", [Indicator("a")])])
        >>> Method(weighting=Equal()).refine(index, weighting={1: Entropy()}).weighting
        {0: Equal(), 1: Entropy(), 2: Equal()}
        """
        for step in fields(Method):
            if isinstance(changes.get(step.name), Mapping):
                value = getattr(self, step.name)
                changes[step.name] = refined(value, step.default, changes[step.name], index)
        return evolve(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Give the method as plain tables that `from_dict` reads; defaults stay out.

        Raises
        ------
        MethodError
            A choice that is none of this library's, so that no file can name it.
        """
        tables: dict[str, Any] = {}
        for step in fields(Method):
            value = getattr(self, step.name)
            if value == step.default:
                continue
            if step.name == "coverage" and isinstance(value, Mapping):
                tables["coverage"] = [{"for": key, "share": share} for key, share in value.items()]
            elif step.name not in FAMILIES:
                tables[step.name] = value
            elif isinstance(value, Mapping):
                tables[step.name] = [
                    {"for": key, **(write_choice(step.name, choice) if choice is not None else {})}
                    for key, choice in value.items()
                ]
            else:
                tables[step.name] = write_choice(step.name, value)
        return tables

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any]) -> "Method":
        """Build a method from plain tables.

        Raises
        ------
        ModelError
            A choice that is not there or does not take its parameters.
        """
        method = cls()
        value: Any
        for name, table in tables.items():
            if name == "coverage" and isinstance(table, list):
                value = {row["for"]: row["share"] for row in table}
            elif name not in FAMILIES:
                value = table
            elif isinstance(table, list):
                value = {
                    row["for"]: read_choice(name, {k: v for k, v in row.items() if k != "for"})
                    if "method" in row
                    else None
                    for row in table
                }
            else:
                value = read_choice(name, table)
            method = evolve(method, **{name: value})
        return method


def _acts(family: str, act: str, choice: Any) -> bool:
    sklearn = family == "imputation" and hasattr(choice, "fit_transform")
    return sklearn or callable(getattr(choice, act, None))
