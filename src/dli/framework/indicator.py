"""One measured variable."""

from typing import Any, TypeGuard

from attrs import field, frozen

from dli.checks import code_faults, is_number, text_faults, weight_faults
from dli.errors import ModelError

__all__ = ["Indicator"]


def _tuple(numbers: Any) -> Any:
    return tuple(numbers) if isinstance(numbers, (list, tuple)) else numbers


@frozen
class Indicator:
    """A measured variable: a column of the data and how to interpret it.

    An indicator with a ``constant`` is a fixed part of a formula instead, and has no column.

    Parameters
    ----------
    code : str
        A code that no other node of the index has. It identifies the indicator in all results, and
        its column in the data unless ``column`` names another.
    name : str
        The name in tables and reports; if it is empty, they show the code.
    direction : {1, -1}
        1 if higher values are better for the index, -1 if lower values are.
    weight : float
        The weight relative to the siblings; only the proportions matter.
    unit_of_measure : str
        The unit of the values that are scored, after division by the denominator if there is one.
        For example ``"percent"`` or ``"lines per 100 people"``.
    goalposts : (float, float), optional
        The worst and the best value, in the unit of measure; with a denominator, those of the
        quotient. They are the ends of the scale, independently of the data.
    target : float, optional
        The value to reach, in the same unit as the goalposts.
    scale : (float, float), optional
        The lowest and the highest valid value in the data, before division by the denominator;
        values outside this range raise an error.
    denominator : str, optional
        The column of the data by which the indicator is divided, before missing values are imputed
        and outliers are treated.
    denominator_factor : float
        The factor by which the quotient is multiplied: 1000 gives a figure per thousand.
    column : str, optional
        The column of the data that holds the values; by default the code. Several indicators may
        have the same column.
    constant : float, optional
        A value that is the same for every unit, in the unit of measure. Such an indicator does not
        have a column or a denominator.
    doubtful : sequence of float
        Raw values that may in fact be missing, such as 0 in a survey that records both "no" and
        "nothing found" as 0. They are scored as they are; an assessment flags them, and
        `dli.sensitivity.DoubtfulAsMissing` shows the effect of treating them as missing.
    description, source : str
        What the indicator measures, and the source of its values.

    Raises
    ------
    ModelError
        One or more fields are invalid; all of them are listed.

    Examples
    --------
    >>> Indicator("DT01", "Internet users", unit_of_measure="percent", scale=(0, 100)).direction
    1
    >>> Indicator("DS04", scale=(0, 3), doubtful=[0]).doubtful
    (0,)
    >>> Indicator("DT01", column="internet_users").data_column
    'internet_users'
    >>> Indicator("reproductive_health_of_men", constant=1).data_column is None
    True
    """

    code: str
    name: str = ""
    direction: int = field(default=1, kw_only=True)
    weight: float = field(default=1.0, kw_only=True)
    unit_of_measure: str = field(default="", kw_only=True)
    goalposts: tuple[float, float] | None = field(default=None, kw_only=True)
    target: float | None = field(default=None, kw_only=True)
    scale: tuple[float, float] | None = field(default=None, kw_only=True)
    denominator: str | None = field(default=None, kw_only=True)
    denominator_factor: float = field(default=1.0, kw_only=True)
    column: str | None = field(default=None, kw_only=True)
    constant: float | None = field(default=None, kw_only=True)
    doubtful: tuple[float, ...] = field(default=(), kw_only=True)
    description: str = field(default="", kw_only=True)
    source: str = field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        # Not by converters: type checkers would see descriptors, which do not match a protocol.
        for name in ("goalposts", "scale", "doubtful"):
            object.__setattr__(self, name, _tuple(getattr(self, name)))
        faults = [
            *code_faults(self.code),
            *text_faults(
                name=self.name,
                unit_of_measure=self.unit_of_measure,
                description=self.description,
                source=self.source,
            ),
            *weight_faults(self.weight),
            *self._measure_faults(),
            *self._column_faults(),
            *self._doubtful_faults(),
        ]
        if faults:
            raise ModelError(f"invalid indicator {self.code!r}", faults)

    @property
    def data_column(self) -> str | None:
        """The column of the data with its values, by default the code; None for a constant."""
        if self.constant is not None:
            return None
        return self.code if self.column is None else self.column

    def _measure_faults(self) -> list[str]:
        faults = []
        is_direction = is_number(self.direction) and self.direction in (1, -1)
        if not is_direction:
            faults.append(f"direction must be 1 or -1, got {self.direction!r}")
        if self.target is not None and not is_number(self.target):
            faults.append(f"target must be a finite number, got {self.target!r}")
        if self.denominator is not None:
            faults += text_faults(denominator=self.denominator)
        if not (is_number(self.denominator_factor) and self.denominator_factor > 0):
            faults.append(
                f"denominator_factor must be a number above 0, got {self.denominator_factor!r}"
            )
        if self.scale is not None and not (_are_ends(self.scale) and self.scale[0] < self.scale[1]):
            faults.append(
                f"scale must be two finite numbers in increasing order, got {self.scale!r}"
            )
        if self.goalposts is None:
            return faults
        if not _are_ends(self.goalposts):
            faults.append(
                f"goalposts must be two finite numbers (worst, best), got {self.goalposts!r}"
            )
        elif self.goalposts[0] == self.goalposts[1]:
            faults.append(f"goalposts must differ, got {self.goalposts[0]!r} twice")
        elif is_direction and (self.goalposts[1] > self.goalposts[0]) != (self.direction == 1):
            faults.append(
                f"goalposts {self.goalposts!r} are (worst, best) and contradict direction "
                f"{self.direction!r}: swap them or change the direction"
            )
        return faults

    def _column_faults(self) -> list[str]:
        faults: list[str] = []
        if self.column is not None:
            faults += text_faults(column=self.column)
            if not faults and not self.column:
                faults.append("column must be the name of a column, got ''")
        if self.constant is None:
            return faults
        if self.column is not None:
            faults.append("column and constant exclude each other: leave out one of them")
        if self.denominator is not None:
            faults.append(
                "constant and denominator exclude each other: a constant is the same for every "
                "unit; leave out one of them"
            )
        if not is_number(self.constant):
            faults.append(f"constant must be a finite number, got {self.constant!r}")
        elif _are_ends(self.scale) and not self.scale[0] <= self.constant <= self.scale[1]:
            faults.append(f"constant {self.constant!r} is outside its scale {self.scale!r}")
        return faults

    def _doubtful_faults(self) -> list[str]:
        if not _are_numbers(self.doubtful):
            expected = "a sequence of finite numbers, such as (0,)"
            return [f"doubtful must be {expected}, got {self.doubtful!r}"]
        faults = []
        if self.doubtful and self.constant is not None:
            faults.append(
                "constant and doubtful exclude each other: a constant does not come from data; "
                "leave out one of them"
            )
        if _are_ends(self.scale):
            low, high = self.scale
            faults += [
                f"doubtful value {value!r} is outside the scale {self.scale!r} and thus never valid"
                for value in self.doubtful
                if not low <= value <= high
            ]
        return faults


def _are_numbers(values: Any) -> bool:
    return isinstance(values, tuple) and all(map(is_number, values))


def _are_ends(ends: Any) -> TypeGuard[tuple[float, float]]:
    return _are_numbers(ends) and len(ends) == 2
