"""The choices of steps 3 to 6, as one frozen value."""

from collections.abc import Callable, Mapping
from inspect import signature
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypedDict, Unpack

from attrs import evolve, field, fields, frozen

from dli.aggregation import Aggregation, ArithmeticMean
from dli.checks import choice_faults, is_number, is_whole
from dli.errors import MethodError, UnknownCodeError
from dli.framework import Index
from dli.framework.choices import FAMILIES
from dli.method.coverage import Coverage
from dli.method.resolved import OTHERS, Choices, refined, refined_normalisation, resolved
from dli.normalisation import MinMax, Normalisation
from dli.steps import shown
from dli.weighting import Declared, Weighting

if TYPE_CHECKING:  # most methods neither impute nor treat
    from dli.imputation.protocol import Imputation, Imputer
    from dli.treatment.protocol import Treatment

__all__ = ["Method", "MethodChanges"]

ImputationChoice: TypeAlias = (
    "Imputation | Imputer | Mapping[Any, Imputation | Imputer | None] | None"
)
TreatmentChoice: TypeAlias = "Treatment | Mapping[Any, Treatment | None] | None"
CoverageChoice: TypeAlias = float | Coverage
Missing: TypeAlias = Literal["renormalise", "propagate", "raise"]

MISSING = ("renormalise", "propagate", "raise")
_EXAMPLES = {
    "imputation": "ColumnMean()",
    "treatment": "Winsorise()",
    "normalisation": "MinMax()",
    "weighting": "Equal()",
    "aggregation": "GeometricMean()",
}


class MethodChanges(TypedDict, total=False):
    """The fields of a `Method`, as type checkers see the keywords of `Method.refine`."""

    availability: float
    imputation: ImputationChoice
    treatment: TreatmentChoice
    normalisation: Normalisation | Mapping[Any, Normalisation]
    weighting: Weighting | Mapping[Any, Weighting]
    aggregation: Aggregation | Mapping[Any, Aggregation]
    missing: Missing
    coverage: CoverageChoice | Mapping[Any, CoverageChoice]
    node_imputation: ImputationChoice
    decimals: int | Mapping[Any, int] | None


@frozen(kw_only=True, repr=False)
class Method:
    """How indicators become scores: one choice for each step, or one for each part of the tree.

    A step is any object with the family's one method. A mapping ``{level or code: choice}`` gives
    parts of the tree choices of their own; where no key fits, the step's default holds. A key
    stands for the node of that code, or the nodes at that level; only for imputation and treatment,
    which work on indicators alone, a code stands for all indicators below it and the nearest wins.
    Codes win over levels; 0 is the level of the index. The key ``"*"`` stands for all nodes that no
    other key names, or for imputation, treatment and normalisation for all such indicators. What a
    node of the index carries itself wins over the method.

    Parameters
    ----------
    availability : float
        The least share of indicators that a unit must have; others are left out before all else.
        What counts are values in the data. Only an imputation over time, such as
        `dli.imputation.Linear`, comes first: it is passed all rows, and what it fills counts too.
    imputation, treatment : object, optional
        ``impute(values, context)`` or scikit-learn's ``fit_transform(values)``; ``treat(values)``.
    normalisation : object
        ``normalise(values, indicators)``. A single one is for all indicators. A key of a mapping
        may also name a node with children: then its score is normalised like an indicator's
        before it enters its parent.
    weighting : object
        ``weights(values, children)``.
    aggregation : object
        ``aggregate(values, weights)``.
    missing : {"renormalise", "propagate", "raise"}
        Share the weight of missing children among the rest, make the node missing, or refuse.
    coverage : float or Coverage, or mapping of level or code to these
        The least share of its children that a node needs; below it the node is missing. 0 where
        no key fits. A `dli.Coverage` counts indicators instead, or asks for a number.
    node_imputation : object, optional
        An imputation that fills missing scores of nodes with children, such as
        ``GroupMean("region")``. A single one is for all of them except the index itself.
    decimals : int, or mapping of level or code to int, optional
        Round the scores of nodes (and what enters their parent) and the normalised values of
        indicators to this many decimals, halves away from zero, where a publisher went on with
        rounded figures. Derivatives, as of `leverage`, are those before rounding.

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
    imputation: ImputationChoice = None
    treatment: TreatmentChoice = None
    normalisation: Normalisation | Mapping[Any, Normalisation] = field(default=MinMax())
    weighting: Weighting | Mapping[Any, Weighting] = field(default=Declared())
    aggregation: Aggregation | Mapping[Any, Aggregation] = field(default=ArithmeticMean())
    missing: Missing = "renormalise"
    coverage: CoverageChoice | Mapping[Any, CoverageChoice] = 0.0
    node_imputation: ImputationChoice = None
    decimals: int | Mapping[Any, int] | None = None

    def __new__(cls, **choices: object) -> Self:
        """Refuse unknown fields, with a hint at American spellings and the like."""
        names = [step.name for step in fields(cls)]
        unknown = [name for name in choices if name not in names]
        if unknown:
            raise UnknownCodeError("field of Method", unknown, names)
        return super().__new__(cls)

    def __attrs_post_init__(self) -> None:
        for step in fields(Method):
            if isinstance(choices := getattr(self, step.name), Mapping):
                # A copy, which later changes of the caller's mapping do not reach.
                object.__setattr__(self, step.name, dict(choices))
        shares: dict[str, Any] = {"availability": self.availability}
        if isinstance(self.coverage, Mapping):
            shares |= {f"coverage[{key!r}]": share for key, share in self.coverage.items()}
        else:
            shares["coverage"] = self.coverage
        faults = [
            f"{name} must be a share from 0 to 1, got {share!r}"
            for name, share in shares.items()
            if not (is_number(share) and 0 <= share <= 1)
            and not (isinstance(share, Coverage) and name != "availability")
        ]
        faults += choice_faults("missing", self.missing, MISSING)
        for family, act in FAMILIES.items():
            faults += self._family_faults(family, act)
        faults += self._family_faults("node_imputation", FAMILIES["imputation"])
        faults += self._decimal_faults()
        if faults:
            msg = "invalid method"
            raise MethodError(msg, faults)

    def __repr__(self) -> str:
        """Show what departs from the defaults."""
        own = [
            f"{step.name}={shown(getattr(self, step.name))}"
            for step in fields(Method)
            if getattr(self, step.name) != step.default
        ]
        line = f"Method({', '.join(own)})"
        return line if len(line) <= 80 else "Method(\n    " + ",\n    ".join(own) + ",\n)"

    def _decimal_faults(self) -> list[str]:
        given = self.decimals
        choices = given if isinstance(given, Mapping) else {} if given is None else {"": given}
        return [
            f"{'decimals' if key == '' else f'decimals[{key!r}]'} must be a whole number from 0 to "
            f"15, got {n!r}"
            for key, n in choices.items()
            if not is_whole(n, 0, 15)
        ]

    def _family_faults(self, name: str, act: str) -> list[str]:
        given = getattr(self, name)
        choices = given if isinstance(given, Mapping) else {"": given}
        family = name.removeprefix("node_")
        optional = family in ("imputation", "treatment")
        faults = []
        for key, choice in choices.items():
            at = name if isinstance(key, str) and not key else f"{name}[{key!r}]"
            if not (is_whole(key) or isinstance(key, str)):
                faults.append(f"{name}: keys must be levels or codes, got {key!r}")
            if isinstance(choice, type):
                faults.append(f"{at} must be an object, got the class: write {choice.__name__}()")
            # Series and frames have methods of such names, too.
            elif not (choice is None and optional) and (
                not _acts(family, act, choice) or hasattr(choice, "__array__")
            ):
                faults.append(
                    f"{at} must be an object with a method {act}, such as "
                    f"dli.{family}.{_EXAMPLES[family]}, got {shown(choice)}"
                    f"{_other_spelling(act, choice)}"
                )
        return faults

    def check(self, index: Index) -> None:
        """Check that every key of a mapping names a part of an index.

        Raises
        ------
        UnknownCodeError
            Codes and levels that the index does not have.
        """
        steps = (*FAMILIES, "coverage", "node_imputation", "decimals")
        if not any(isinstance(getattr(self, step), Mapping) for step in steps):
            return
        nodes = [node.code for node in index.walk()]
        leaves = {indicator.code for indicator in index.indicators}
        known: list[object] = [*nodes, *sorted({index.level(code) for code in nodes}), OTHERS]
        for family in steps:
            given = getattr(self, family)
            if not isinstance(given, Mapping):
                continue
            what, there = "code or level", known
            if family in (
                "weighting",
                "aggregation",
                "coverage",
                "node_imputation",
            ):  # of nodes with children
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

    def refine(self, index: Index, **changes: Unpack[MethodChanges]) -> "Method":
        """Return the method with changes; a mapping changes the levels and codes that it names.

        A single normalisation changes that of all indicators; the scores of nodes are normalised
        as before.

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
        {'*': Equal(), 1: Entropy()}
        """
        values: dict[str, Any] = {**changes}
        for step in fields(Method):
            change = values.get(step.name)
            if step.name == "normalisation" and change is not None:
                own = refined_normalisation(self.normalisation, step.default, change, index)
                values[step.name] = own
            elif isinstance(change, Mapping):
                value = getattr(self, step.name)
                values[step.name] = refined(value, step.default, change)
        return evolve(self, **values)

    def to_dict(self) -> dict[str, Any]:
        """Give the method as plain tables that `from_dict` reads; defaults stay out.

        Raises
        ------
        MethodError
            A choice that is none of this library's, so that no file can name it.
        """
        from dli.method.files import to_tables

        return to_tables(self)

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any]) -> "Method":
        """Build a method from plain tables.

        Raises
        ------
        ModelError
            Listing every key that is unknown, every choice that is not there or does not take its
            parameters, and every other value that a method cannot have.
        """
        from dli.method.files import from_tables

        return from_tables(tables, cls)

    @classmethod
    def load(
        cls, path: str | PathLike[str], *, steps: Mapping[str, Callable[..., Any]] | None = None
    ) -> "Method":
        """Return the method that the table ``[method]`` of a file in TOML describes.

        The file may hold an index too, which is passed over; `dli.Assessment.from_file` reads both.

        Parameters
        ----------
        path : str or path-like
            Of the file.
        steps : mapping of str to callable, optional
            Steps of your own that the file names, such as ``{"Mine": Mine}``: a class or function
            for each, called with the parameters in the file.

        Raises
        ------
        ModelError
            The file cannot be read, has no such table or is invalid; the error names the file,
            table and key of each fault.
        MethodError
            Invalid ``steps``.
        """
        from dli.method.files import load

        return load(path, cls, steps)

    def save(self, path: str | PathLike[str]) -> None:
        """Write all choices, with all parameters, to a file in TOML that `load` reads.

        A file that was there is replaced, with its index if it had one;
        `dli.Assessment.save_methodology` writes both.

        Parameters
        ----------
        path : str or path-like
            Of the file.

        Raises
        ------
        MethodError
            A step or parameter that no file can hold. Steps of your own can be held if their class
            is a dataclass or one of attrs, with the parameters as fields.
        FileError
            The file cannot be written; what was there before is untouched.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from dli.weighting import Entropy
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "method.toml"
        ...     Method(weighting=Entropy(), coverage=0.5).save(path)
        ...     Method.load(path)
        Method(weighting=Entropy(), coverage=0.5)
        """
        from dli.method.files import save

        save(self, path)


def _acts(family: str, act: str, choice: Any) -> bool:
    sklearn = family == "imputation" and hasattr(choice, "fit_transform")
    return sklearn or callable(getattr(choice, act, None))


def _other_spelling(act: str, choice: object) -> str:
    """Return the hint that an object has the method under another spelling, or nothing."""
    american = act.replace("ise", "ize")
    if american == act or not callable(getattr(choice, american, None)):
        return ""
    return f"; it has a method {american}: name it {act}"


# `__new__` takes any keyword; help and completion show the fields.
_INIT = signature(Method.__init__)
type.__setattr__(
    Method, "__signature__", _INIT.replace(parameters=list(_INIT.parameters.values())[1:])
)
