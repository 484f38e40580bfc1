"""The number or share of values that a node needs for a score."""

from typing import Any

from attrs import frozen

from dli.checks import choice_faults, is_number, is_whole, refuse

__all__ = ["Coverage", "as_coverage"]


@frozen(kw_only=True)
class Coverage:
    """The smallest share or number of values that a node needs for a score.

    Parameters
    ----------
    share : float, optional
        The smallest share, from 0 to 1.
    number : int, optional
        The smallest number. A node that has fewer children or indicators in total needs all of
        them.
    of : {"children", "indicators"}
        Whether the children of the node are counted, or all indicators below it. An indicator
        counts if it has a value after imputation.

    Raises
    ------
    MethodError
        Both or neither of share and number are given, or a field is invalid.

    Examples
    --------
    >>> Coverage(share=0.5, of="indicators").needed(7)
    3.5
    >>> Coverage(number=2).needed(1)
    1.0
    """

    share: float | None = None
    number: int | None = None
    of: str = "children"

    def __attrs_post_init__(self) -> None:
        faults = [*choice_faults("of", self.of, ("children", "indicators"))]
        if (self.share is None) == (self.number is None):
            faults.append("pass either share or number, and not both")
        if self.share is not None and not (is_number(self.share) and 0 <= self.share <= 1):
            faults.append(f"share must be a number from 0 to 1, got {self.share!r}")
        if self.number is not None and not is_whole(self.number, 0):
            faults.append(f"number must be a whole number of at least 0, got {self.number!r}")
        refuse("Coverage", faults)

    def needed(self, total: int) -> float:
        """Return how many of ``total`` children or indicators must have a value."""
        if self.number is not None:
            return float(min(self.number, total))
        return float(self.share or 0.0) * total

    def describe(self) -> str:
        """Return the rule in words, such as "at least 50% of its children"."""
        if self.number is not None:
            return f"at least {self.number} of its {self.of}"
        return f"at least {self.share:.0%} of its {self.of}"

    @property
    def is_none(self) -> bool:
        """Whether a single value is enough for a score, as without a rule."""
        return not self.share and (self.number or 0) <= 1


def as_coverage(value: Any) -> Any:
    """Return a number as a `Coverage` with that share of children, and any other value as it is."""
    return Coverage(share=float(value)) if is_number(value) else value
