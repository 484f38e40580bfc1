"""The method of an index: the choices for steps 3 to 6 as one frozen value."""

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
    """The fields of a `Method`; type checkers use them for the keywords of `Method.refine`."""

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
    """The choices that turn indicators into scores: one for each step, or one for each node.

    A step is any object that has the one method of its family. To use different choices in
    different places of the tree, pass a mapping ``{level or code: choice}``. A code selects the
    node with that code and a tree level selects the nodes at that level; 0 is the level of the
    index. A code takes precedence over a level. Where no key applies, the step's default is used.
    For imputation and treatment, which only work on indicators, a code selects all indicators
    below that node, and the code nearest to the indicator takes precedence. The key ``"*"``
    selects all nodes that no other key selects; for imputation, treatment and normalisation, all
    such indicators. A choice that a node of the index declares itself takes precedence over the
    method.

    Parameters
    ----------
    availability : float
        The smallest share of indicators that a unit must have; units with a smaller share are
        left out before any other step. Only values in the data count. An imputation over time,
        such as `dli.imputation.Linear`, is the exception: it is applied first, to all rows, and
        the values that it fills count as well.
    imputation : object, optional
        Fills missing values: an object with a method ``impute(values, context)``, or with
        scikit-learn's ``fit_transform(values)``. By default, missing values stay missing.
    treatment : object, optional
        Treats outliers: an object with a method ``treat(values)``. By default, values stay as
        they are.
    normalisation : object
        An object with a method ``normalise(values, indicators)``. A single one applies to all
        indicators. A key of a mapping may also name a node with children: its score is then
        normalised like the values of an indicator before it is aggregated into its parent.
    weighting : object
        An object with a method ``weights(values, children)``.
    aggregation : object
        An object with a method ``aggregate(values, weights)``.
    missing : {"renormalise", "propagate", "raise"}
        What happens if children of a node are missing: ``"renormalise"`` distributes their weight
        over the other children, ``"propagate"`` makes the node missing too, and ``"raise"``
        raises an error.
    coverage : float or Coverage, or mapping of level or code to these
        The smallest share of its children that a node needs for a score; with fewer, the node is
        missing. The default is 0, also where no key applies. A `dli.Coverage` can count
        indicators instead, or require a number.
    node_imputation : object, optional
        An imputation that fills missing scores of nodes with children, such as
        ``GroupMean("region")``. A single one applies to all such nodes except the index itself.
    decimals : int, or mapping of level or code to int, optional
        Round the scores of nodes, the values that are aggregated into their parents and the
        normalised values of indicators to this many decimals, with halves rounded away from zero.
        Use it to reproduce an index whose publisher continued with rounded figures. Derivatives,
        such as those of `leverage`, are those before rounding.

    Raises
    ------
    MethodError
        One or more fields are invalid; the error lists all of them.

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
        """Raise an error for unknown fields, with a hint at similar names."""
        names = [step.name for step in fields(cls)]
        unknown = [name for name in choices if name not in names]
        if unknown:
            raise UnknownCodeError("field of Method", unknown, names)
        return super().__new__(cls)

    def __attrs_post_init__(self) -> None:
        for step in fields(Method):
            if isinstance(choices := getattr(self, step.name), Mapping):
                # The method keeps a copy, so that later changes by the caller do not affect it.
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
        """Return the call with the fields that differ from the defaults."""
        own = [
            f"{step.name}={shown(getattr(self, step.name))}"
            for step in fields(Method)
            if getattr(self, step.name) != step.default
        ]
        line = f"Method({', '.join(own)})"
        return line if len(line) <= 80 else "Method(\n    " + ",\n    ".join(own) + ",\n)"

    def _decimal_faults(self) -> list[str]:
        value = self.decimals
        choices = value if isinstance(value, Mapping) else {} if value is None else {"": value}
        return [
            f"{'decimals' if key == '' else f'decimals[{key!r}]'} must be a whole number from 0 to "
            f"15, got {n!r}"
            for key, n in choices.items()
            if not is_whole(n, 0, 15)
        ]

    def _family_faults(self, name: str, act: str) -> list[str]:
        value = getattr(self, name)
        choices = value if isinstance(value, Mapping) else {"": value}
        family = name.removeprefix("node_")
        optional = family in ("imputation", "treatment")
        faults = []
        for key, choice in choices.items():
            at = name if isinstance(key, str) and not key else f"{name}[{key!r}]"
            if not (is_whole(key) or isinstance(key, str)):
                faults.append(f"{name}: keys must be tree levels or codes, got {key!r}")
            if isinstance(choice, type):
                faults.append(
                    f"{at} must be an object, not the class {choice.__name__}; write "
                    f"{choice.__name__}()"
                )
            # Series and data frames have methods with some of these names.
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
        """Check that every key of a mapping is a code or a tree level of an index.

        Raises
        ------
        UnknownCodeError
            A mapping has codes or levels that the index does not have.
        """
        steps = (*FAMILIES, "coverage", "node_imputation", "decimals")
        if not any(isinstance(getattr(self, step), Mapping) for step in steps):
            return
        nodes = [node.code for node in index.walk()]
        leaves = {indicator.code for indicator in index.indicators}
        with_children = [code for code in nodes if code not in leaves]
        inner: set[object] = {*with_children, *map(index.level, with_children), OTHERS}
        known: list[object] = [*nodes, *sorted({index.level(code) for code in nodes}), OTHERS]
        for family in steps:
            choices = getattr(self, family)
            if not isinstance(choices, Mapping):
                continue
            kind, allowed = "code or level", known
            if family in (
                "weighting",
                "aggregation",
                "coverage",
                "node_imputation",
            ):  # of nodes with children
                kind = "sub-index or level"
                allowed = [key for key in known if key in inner]
            unknown = [key for key in choices if key not in allowed]
            if unknown:
                raise UnknownCodeError(f"{kind} for {family}", unknown, allowed)

    def resolve(self, index: Index) -> Choices:
        """Return the choices that apply to each node and indicator of an index.

        Raises
        ------
        UnknownCodeError
            A mapping has codes or levels that the index does not have.
        """
        self.check(index)
        names = [step.name for step in fields(Method)]
        defaults = {step.name: step.default for step in fields(Method)}
        return resolved({name: getattr(self, name) for name in names}, defaults, index)

    def refine(self, index: Index, **changes: Unpack[MethodChanges]) -> "Method":
        """Return a copy of the method with changes.

        A mapping changes only the levels and codes that are its keys. A single normalisation
        replaces the normalisation of all indicators; the scores of nodes are normalised as before.

        Parameters
        ----------
        index : Index
            The index whose codes and levels keep their present choices unless they are changed.
        **changes
            Fields of the method with their new values.

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
        """Return the method as plain tables that `from_dict` reads; defaults are omitted.

        Raises
        ------
        MethodError
            A choice is not a step of this library, so that a table cannot name it.
        """
        from dli.method.files import to_tables

        return to_tables(self)

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any]) -> "Method":
        """Return the method that plain tables describe.

        Raises
        ------
        ModelError
            The tables are invalid. The error lists every unknown key, every choice that does not
            exist or does not accept its parameters, and every other invalid value.
        """
        from dli.method.files import from_tables

        return from_tables(tables, cls)

    @classmethod
    def load(
        cls, path: str | PathLike[str], *, steps: Mapping[str, Callable[..., Any]] | None = None
    ) -> "Method":
        """Return the method that the table ``[method]`` of a TOML file describes.

        An index in the same file is ignored; `dli.Assessment.from_file` reads both.

        Parameters
        ----------
        path : str or path-like
            The path of the file.
        steps : mapping of str to callable, optional
            Your own steps that the file names, such as ``{"Mine": Mine}``. Each is a class or a
            function that is called with the parameters in the file.

        Raises
        ------
        ModelError
            The file cannot be read, does not have this table or is invalid; the error names the
            file, table and key of each fault.
        MethodError
            ``steps`` is invalid.
        """
        from dli.method.files import load

        return load(path, cls, steps)

    def save(self, path: str | PathLike[str]) -> None:
        """Write all choices with all parameters to a TOML file that `load` reads.

        An existing file is replaced, including its index if it contains one;
        `dli.Assessment.save_methodology` writes both.

        Parameters
        ----------
        path : str or path-like
            The path of the file.

        Raises
        ------
        MethodError
            The method has a step or parameter that a file cannot contain. A step of your own can
            be saved if its class is a dataclass or an attrs class with the parameters as fields.
        FileError
            The file cannot be written; an existing file is left unchanged.

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
    """Return a hint if the object has the method in American spelling, or an empty text."""
    american = act.replace("ise", "ize")
    if american == act or not callable(getattr(choice, american, None)):
        return ""
    return f"; it has a method {american}: name it {act}"


# `__new__` accepts any keyword; this signature makes help and completion show the fields.
_INIT = signature(Method.__init__)
type.__setattr__(
    Method, "__signature__", _INIT.replace(parameters=list(_INIT.parameters.values())[1:])
)
