"""From what was measured, round by round, to the figures that are written down.

Whatever slows the machine down slows down whoever is measured then, so that only what was measured
in the same round is compared, and the median of many rounds is taken.
"""

from collections.abc import Sequence
from statistics import median, quantiles

Figure = dict[str, float]
"""A median with the quartiles beside it, ``low`` and ``high``: half of all rounds lie between."""


def summarize(values: Sequence[float], digits: int = 2) -> Figure:
    """Return the median and the quartiles of ``values``."""
    several = values if len(values) > 1 else [*values, *values]
    low, _, high = quantiles(several, n=4, method="inclusive")
    figures = {"median": median(values), "low": low, "high": high}
    return {name: round(value, digits) for name, value in figures.items()}


def spread(figure: Figure) -> float:
    """Return half of what lies between the quartiles."""
    return (figure["high"] - figure["low"]) / 2


def part(ratio: float) -> str:
    """Say a ratio: as one part of many below a half, else as so many times."""
    if 0 < ratio < 0.5:
        return f"1/{1 / ratio:.{0 if ratio < 0.1 else 1}f}"
    return f"{ratio:.2f}"
