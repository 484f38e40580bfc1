"""UNDP's Human Development Index for every country and year, from its four indicators."""

import math

import numpy as np

import dli


def main() -> tuple[int, int]:
    """Print and return the number of scores compared, and of those that differ."""
    data = dli.datasets.load("undp-hdi", "mapping")
    data = {name: column[~np.isnan(data["hdi"])] for name, column in data.items()}
    data["log_income"] = np.log(data["income_per_head"])
    schooling = [
        dli.Indicator("expected_schooling", goalposts=(0, 18)),
        dli.Indicator("mean_schooling", goalposts=(0, 15)),
    ]
    health = dli.Indicator("life_expectancy", goalposts=(20, 85))
    income = dli.Indicator("log_income", goalposts=(math.log(100), math.log(75_000)))
    mean = dli.aggregation.GeometricMean()
    index = dli.Index("HDI", [health, dli.Index("education", schooling), income], aggregation=mean)
    method = dli.Method(normalisation=dli.normalisation.Goalposts(0, 1))
    hdi = dli.Assessment(index, data, unit="iso3", period="year", method=method)
    differ = np.round(hdi.array("HDI"), 3) != data["hdi"]
    print(f"{len(differ)} scores of 1990 to 2022, {differ.sum()} differ at three decimals")
    return len(differ), int(differ.sum())


if __name__ == "__main__":
    main()
