"""Published indices, each computed again from one methodology file and one table."""

from comparison import Comparison, Figure, Replication, assess, compare, markdown, run

__all__ = [
    "CATALOGUE",
    "Comparison",
    "Figure",
    "Replication",
    "assess",
    "compare",
    "markdown",
    "run",
]

_EARLY, _LATE = (2003, 2004, 2005, 2012, 2014, 2016), (2018, 2022, 2024)
_THEMES = ("theme1", "theme2", "theme3", "theme4")
_VARIABLES = {
    "poverty": "poverty",
    "unemployment": "unemployment",
    "income_per_head": "low_income",
    "no_diploma": "no_diploma",
    "aged_65": "aged_65",
    "aged_17": "aged_17",
    "disability": "disability",
    "single_parent": "single_parent",
    "minority": "minority",
    "limited_english": "limited_english",
    "multi_unit": "multi_unit",
    "mobile_home": "mobile_home",
    "crowding": "crowding",
    "no_vehicle": "no_vehicle",
    "group_quarters": "group_quarters",
}
_ROUNDED = (
    "The components are rounded, like the index, so their mean may be off by one unit of the last "
    "decimal."
)

CATALOGUE: tuple[Replication, ...] = (
    Replication(
        title="E-Government Development Index, 2003 to 2005 and from 2012",
        publisher="United Nations",
        file="egdi.toml",
        table="un-egdi",
        period="year",
        figures=(
            Figure("index to 2016", "score", {"egdi": "EGDI"}, decimals=5, periods=_EARLY),
            Figure("index from 2018", "score", {"egdi": "EGDI"}, decimals=4, periods=_LATE),
            Figure("rank to 2016", "rank", {"rank": "EGDI"}, periods=_EARLY),
            Figure("rank from 2018", "rank", {"rank": "EGDI"}, periods=_LATE),
        ),
        doubts=(
            _ROUNDED,
            "Human capital of 2014 is printed to four decimals, but the index to five.",
            "The index of 2024 has five decimals; its components reproduce four of them.",
            (
                "The published ranks are based on the unrounded index: from 2018 on, neighbours "
                "within 0.0001 change places."
            ),
        ),
    ),
    Replication(
        title="E-Government Development Index, 2008 and 2010",
        publisher="United Nations",
        file="egdi-2010.toml",
        table="un-egdi",
        period="year",
        figures=(
            Figure("index of 2008", "score", {"egdi": "EGDI"}, decimals=4, periods=(2008,)),
            Figure("index of 2010", "score", {"egdi": "EGDI"}, decimals=5, periods=(2010,)),
            Figure("rank of 2008", "rank", {"rank": "EGDI"}, periods=(2008,)),
            Figure("rank of 2010", "rank", {"rank": "EGDI"}, periods=(2010,)),
        ),
        doubts=(
            _ROUNDED,
            (
                "In 2008, the published index is below the mean of the components by 0.012 for "
                "Cameroon and by 0.003 for Cambodia, which moves six ranks; Ecuador nearly ties."
            ),
        ),
    ),
    Replication(
        title="Human Development Index, 1990 to 2022",
        publisher="United Nations Development Programme",
        file="hdi.toml",
        table="undp-hdi",
        period="year",
        figures=(
            Figure("index", "score", {"hdi": "HDI"}, decimals=3),
            Figure("rank of 2022", "rank", {"rank": "HDI"}),
        ),
        doubts=("Rwanda has all components but no published index from 1990 to 1994.",),
    ),
    Replication(
        title="Inequality-adjusted Human Development Index, 2010 to 2022",
        publisher="United Nations Development Programme",
        file="ihdi.toml",
        table="undp-ihdi",
        period="year",
        figures=(Figure("index", "score", {"ihdi": "IHDI"}, decimals=3),),
    ),
    Replication(
        title="Gender Inequality Index, 1990 to 2022",
        publisher="United Nations Development Programme",
        file="gii.toml",
        table="undp-gender",
        period="year",
        figures=(
            Figure("index", "score", {"gii": "GII"}, decimals=3),
            Figure("rank of 2022", "rank", {"gii_rank": "equality"}),
        ),
        doubts=("A parliament without women counts as 0.01 percent, as in the source.",),
    ),
    Replication(
        title="Gender Development Index, 1990 to 2022",
        publisher="United Nations Development Programme",
        file="gdi.toml",
        table="undp-gender",
        period="year",
        figures=(Figure("index", "score", {"gdi": "GDI"}, decimals=3),),
    ),
    Replication(
        title="GovTech Maturity Index, 2020 and 2022",
        publisher="World Bank",
        file="gtmi.toml",
        table="wb-gtmi",
        period="year",
        figures=(
            Figure("index", "score", {"gtmi": "GTMI"}, decimals=6),
            Figure("group", "band", {"group": "GTMI"}),
        ),
        doubts=(_ROUNDED,),
    ),
    Replication(
        title="Statistical Performance Indicators, 2016 to 2023",
        publisher="World Bank",
        file="spi.toml",
        table="wb-spi",
        period="year",
        figures=(Figure("overall score", "score", {"spi": "SPI"}, decimals=4),),
        doubts=(_ROUNDED,),
    ),
    Replication(
        title="Digital Government Index 2023",
        publisher="OECD",
        file="dgi.toml",
        table="oecd-dgi-2023",
        members="rank",
        figures=(
            Figure("index", "score", {"dgi": "DGI"}, decimals=3),
            Figure("rank of members", "rank", {"rank": "DGI"}),
        ),
        doubts=(_ROUNDED,),
    ),
    Replication(
        title="Social Vulnerability Index 2018, counties of the United States",
        publisher="CDC/ATSDR",
        file="svi.toml",
        table="us-svi-2018",
        unit="fips",
        figures=(
            Figure(
                "percentile rank of variables",
                "score",
                {f"epl_{name}": node for name, node in _VARIABLES.items()},
                decimals=4,
            ),
            Figure(
                "sum of themes and total",
                "score",
                {f"spl_{node}": node for node in (*_THEMES, "total")},
                decimals=4,
            ),
            Figure(
                "percentile rank of themes",
                "alone",
                {f"rpl_{node}": node for node in _THEMES},
                decimals=4,
            ),
            Figure("percentile rank of total", "normalised", {"rpl_total": "total"}, decimals=4),
            Figure("rank by total", "order", {"spl_total": "total"}),
        ),
        doubts=(
            (
                "Rio Arriba, New Mexico, lacks three estimates, so its first theme and its total "
                "are missing."
            ),
        ),
    ),
    Replication(
        title="Townsend deprivation scores 2011, wards of the United Kingdom",
        publisher="UK Data Service",
        file="townsend.toml",
        table="uk-townsend-2011",
        unit="ward",
        figures=(
            Figure("score", "score", {"score": "Townsend"}, decimals=10),
            Figure("rank by score", "order", {"score": "Townsend"}),
            Figure("quintile", "fifth", {"quintile": "Townsend"}),
        ),
        doubts=(
            "Scores were published with all digits of a float, of which the last ones differ.",
        ),
    ),
    Replication(
        title="English Indices of Deprivation 2019",
        publisher="Ministry of Housing, Communities and Local Government",
        file="imd.toml",
        table="uk_imd_2019/imd_lsoa_2019.csv",
        unit="lsoa11_code",
        figures=(
            Figure(
                "rank by domain",
                "rank",
                {
                    "Education_rank": "Education",
                    "Housing_and_Access_rank": "Housing",
                    "Environment_rank": "Environment",
                },
            ),
            Figure("rank", "rank", {"IMD_rank": "IMD"}),
            Figure("decile", "tenth", {"IMD_decile": "IMD"}),
        ),
        doubts=("The publisher ranked scores with few digits, so some neighbours change places.",),
    ),
    Replication(
        title="Global Cybersecurity Index 2020",
        publisher="International Telecommunication Union",
        file="gci.toml",
        table="itu_gci_2020/gci_2020.csv",
        figures=(Figure("index", "score", {"gci": "GCI"}, decimals=2),),
        doubts=(
            (
                "The pillars are printed to two decimals, so their sum may be off by two units of "
                "the last decimal."
            ),
            (
                "Some pillars are missing for Slovakia and Slovenia, so their index cannot be "
                "computed."
            ),
        ),
    ),
    Replication(
        title="Corruption Perceptions Index 2022",
        publisher="Transparency International",
        file="cpi.toml",
        table="ti_cpi_2022/cpi_2022.csv",
        figures=(
            Figure("index", "score", {"cpi": "CPI"}),
            Figure("rank", "rank", {"rank": "CPI"}),
        ),
        doubts=(
            (
                "The sources are rounded to whole points, so some scores are off by one point. "
                "Since many countries share a score, one point can change a rank by up to seven "
                "places."
            ),
        ),
    ),
    Replication(
        title="Open, Useful and Re-usable data Index 2023, pillars",
        publisher="OECD",
        file="ourdata.toml",
        table="oecd_ourdata_2023/ourdata_2023.csv",
        figures=(
            Figure(
                "pillars",
                "score",
                {f"{node}_score": node for node in ("availability", "accessibility", "reuse")},
                decimals=2,
            ),
        ),
        doubts=(
            _ROUNDED.replace("the index", "the pillars"),
            "The table does not contain the index itself, so only the pillars are compared.",
        ),
    ),
)
