"""The World Bank's GovTech Maturity Index and its groups, from its four sub-indices."""

import numpy as np

import dli


def main() -> tuple[float, int]:
    """Print and return the largest error, and the number of groups that differ."""
    data = dli.datasets.load("wb-gtmi", "mapping")
    parts = [dli.Indicator(code, goalposts=(0, 1)) for code in ("cgsi", "psdi", "dcei", "gtei")]
    groups = dli.Bands([0.25, 0.5, 0.75], ["D", "C", "B", "A"])
    index = dli.Index("GTMI", parts, "GovTech Maturity Index", bands=groups)
    method = dli.Method(normalisation=dli.normalisation.Goalposts(0, 1))
    gtmi = dli.Assessment(index, data, unit="iso3", period="year", method=method)
    error = float(np.abs(gtmi.array("GTMI") - data["gtmi"]).max())
    differ = sum(
        ours != theirs
        for ours, theirs in zip(groups.of(gtmi.array("GTMI")), data["group"], strict=True)
    )
    print(f"{len(gtmi.units)} scores of 2020 and 2022: error {error:.1e}, {differ} groups differ")
    return error, differ


if __name__ == "__main__":
    main()
