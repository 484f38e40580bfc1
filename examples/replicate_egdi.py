"""The United Nations' E-Government Development Index, from its three components."""

import numpy as np

import dli

YEARS = (2010, 2014, 2016, 2018, 2022, 2024)


def main() -> dict[int, tuple[float, float]]:
    """Print and return, by year, the largest error of score and of rank."""
    data = dli.datasets.load("un-egdi", "mapping")
    parts = [dli.Indicator(code, goalposts=(0, 1)) for code in ("osi", "tii", "hci")]
    index = dli.Index("EGDI", parts)
    found = {}
    for year in YEARS:
        covered = (data["year"] == year) & ~np.isnan(data["egdi"])
        table = {name: column[covered] for name, column in data.items()}
        # Thirds, but for 2010, when the online service index weighed a little more.
        weights = {"osi": 0.34, "tii": 0.33, "hci": 0.33} if year == 2010 else {}
        method = dli.Method(normalisation=dli.normalisation.Goalposts(0, 1))
        egdi = dli.Assessment(index.with_weights(weights), table, unit="iso3", method=method)
        errors = np.abs(egdi.array("EGDI") - table["egdi"])
        places = np.abs(egdi.rank_array("EGDI") - table["rank"])
        found[year] = float(errors.max()), float(np.nanmax(places))
        print(
            f"{year}: {len(errors)} countries, error {errors.max():.1e}, places {places.max():.0f}"
        )
    return found


if __name__ == "__main__":
    main()
