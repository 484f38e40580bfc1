"""Each notebook is stored clean, runs as the site runs it, and says what its figures say."""

import json
import re
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

pytest.importorskip("pandas")
pytest.importorskip("matplotlib")

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def _hook():
    spec = spec_from_file_location("notebooks_hook", ROOT / "docs" / "hooks" / "notebooks.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HOOK = _hook()


def _written(path, cells):
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return path


def _markdown(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _code(source, alt=None):
    return {"cell_type": "code", "metadata": {"alt": alt} if alt else {}, "source": source}


# What the prose of a notebook says about its results, in the names of its cells.


def first_index(names):
    data, women, shifts = names["data"], names["women"], names["shifts"]
    assert len(data) == len(women.units) == 182
    assert list(names["points"].index) == names["columns"]
    assert names["points"].sum() == pytest.approx(names["score"])
    truncated = women.flags.query("flag == 'truncated'")
    assert set(truncated["code"]) == {"parliament_women"}
    assert data.set_index("iso3").loc["RWA", "parliament_women"] > 50
    assert names["agreement"] < -0.9
    # Those that lose most are uneven: their sub-indices are farther apart than those of most.
    scores = women.scores.set_index("iso3")[["HEALTH", "EDUCATION", "VOICE"]]
    uneven = scores.max(axis=1) - scores.min(axis=1)
    losers = shifts.nlargest(5, "geometric")["iso3"]
    assert (uneven[losers] > uneven.median()).all()


def sensitivity_study(names):
    ranks = names["ranks"].sort_values("nominal")
    assert (ranks["width"].head(3) <= 1).all()
    assert all(part.mean() > 10 for part in (names["thirds"][3:64], *names["parts"][1:]))
    assert names["ordered"][0] == "aggregation"
    assert names["total"]["WeightNoise"] < 0.2
    first, total = names["shares"].first_order[:, 0], names["shares"].total_order[:, 0]
    assert (total - first)[names["shares"].factors.index("aggregation")] > 0.3
    kenya = names["kenya"]
    assert kenya["nominal"] - kenya["q5"] < kenya["q95"] - kenya["nominal"]
    assert kenya["mean"] > kenya["nominal"]
    own = names["table"].query("iso3 == 'KEN'").set_index("factor")["total"]
    assert own.idxmax() == "normalisation"
    near = names["near"].set_index("iso3")
    assert near.loc["SLV", "nominal"] == kenya["nominal"] + 1
    assert near.loc["SLV", "kenya_ahead"] < 0.1
    assert near.loc["IRN", "nominal"] == kenya["nominal"] + 2
    assert 0.4 < near.loc["IRN", "kenya_ahead"] < 0.6
    assert near.loc["BTN", "nominal"] == kenya["nominal"] + 5
    assert near.loc["BTN", "kenya_ahead"] > 0.8


def group_ahp(names):
    assert names["own"].consistency_ratio < 0.01
    ratios = [expert.consistency_ratio for expert in names["joined"].experts.values()]
    assert max(ratios) < 0.10
    assert names["joined"].consensus < 0.8
    assert names["ranks"]["range"].max() > 30
    assert (names["comparison"].summary["spearman"] > 0.98).all()


def capability_plan(names):
    assert names["peers"]["distance"].max() < 0.1
    assert names["plan"].proven
    gains = names["frontier"]["gain"]
    assert (gains.diff().iloc[1:].to_numpy() < gains.iloc[:-1].to_numpy()).all()
    assert not names["rests_on"]["evidence"].isna().any()
    firm = names["firm"].set_index("code")
    assert 0 < firm.loc["multi_party_governance", "nominal"] < 0.01
    assert firm.loc["multi_party_governance", "share"] > 0.8
    kenya = names["behind_peers"]
    assert len(kenya) == 5
    assert kenya["points"].max() < 0.5


def maturity_survey(names):
    alphas = names["agreement"]["alpha"]
    assert alphas["DLI"] < 0.667
    assert alphas.idxmin() == "DI4"
    assert names["n_unclear"] == 6
    assert names["without_dee"].agreement()["alpha"][0] > alphas["DLI"] + 0.1
    table = names["table"]
    assert (table["median"] - table["median without Dee"]).between(3.5, 4.7).all()
    assert (table["mean"] - table["mean without Dee"]).gt(4.5).all()
    assert {"DI4a", "DI4b"} <= set(names["weak"]["code"].head(6))


def egdi_over_time(names):
    largest = names["both"].groupby("year")["difference"].max()
    assert set(largest.index[largest > 0.0005]) == {2008, 2010}
    assert (names["complete"]["slope"] > 0).mean() > 0.98
    assert len(names["fell"]) > 5
    ends = names["spread"].iloc[[0, -1]]
    assert ends["sd"].is_monotonic_increasing
    assert ends["cv"].is_monotonic_decreasing
    assert ends["mean"].iloc[1] / ends["mean"].iloc[0] > 1.5
    assert names["unit"] == "BRA"
    assert names["own"] < -50
    assert names["total"] > 0 > names["points"]["points"].min() - 1


def own_weighting(names):
    by_noise, by_scheme = (
        dict(zip(names["shares"].factors, names["shares"].total_order[:, 0], strict=True))[name]
        for name in ("WeightNoise", "weighting")
    )
    assert by_noise > 0.7
    assert by_scheme < 0.3
    assert "single child" in str(names["fault"])
    assert (names["again"].array("DLI") == names["strong"].array("DLI")).all()


def study_with_dask(names):
    import numpy as np

    assert np.array_equal(names["by_one"].rank_counts, names["by_threads"].rank_counts)
    if find_spec("distributed"):
        assert np.array_equal(names["by_dask"].rank_counts, names["by_threads"].rank_counts)
        assert names["remote"].total_order.tobytes() == names["shares"].total_order.tobytes()


CLAIMS = {
    "capability-plan": capability_plan,
    "egdi-over-time": egdi_over_time,
    "first-index": first_index,
    "group-ahp": group_ahp,
    "maturity-survey": maturity_survey,
    "own-weighting": own_weighting,
    "sensitivity-study": sensitivity_study,
    "study-with-dask": study_with_dask,
}


def test_every_notebook_has_claims_and_a_line_in_the_list():
    assert [path.stem for path in NOTEBOOKS] == sorted(CLAIMS)
    listed = re.findall(r"\(notebooks/([\w-]+)\.md\)", (ROOT / "docs" / "notebooks.md").read_text())
    assert sorted(listed) == sorted(CLAIMS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_clean(path):
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert text == json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    cells = notebook["cells"]
    assert 12 <= len(cells) <= 25
    ids = [cell["id"] for cell in cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in ids)
    for cell in cells:
        source = "".join(cell["source"])
        assert source.strip()
        if cell["cell_type"] == "code":
            assert set(cell) == {
                "cell_type", "execution_count", "id", "metadata", "outputs", "source",
            }  # fmt: skip
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
            assert max(map(len, source.splitlines())) <= 100
        else:
            assert set(cell) == {"cell_type", "id", "metadata", "source"}
            assert cell["cell_type"] == "markdown"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_of_a_notebook_lead_to_files_of_the_repository(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    links = [link for link in LINK.findall(text) if "://" not in link]
    assert links
    assert not [link for link in links if not (FOLDER / link).is_file()]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of Dask's sockets
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_its_prose_is_true(path):
    names = {}
    found = HOOK.run(path, names)
    assert found[0][1].startswith("# ")
    assert "Read on:" in found[-1][1]
    for _, source, shown in found:
        for output in shown:
            assert "\n\n" not in output
            if "<svg" in output:
                said = re.search(r'<svg role="img" aria-label="([^"]*)"', output)
                assert said[1], f"a picture needs metadata 'alt': {source}"
    CLAIMS[path.stem](names)


def test_a_page_shows_text_tables_and_pictures(tmp_path):
    path = _written(
        tmp_path / "small.ipynb",
        [
            _markdown(["# Small\n", "\n", "See [all](../../docs/guides/data.md#top)."]),
            _code("print('a < b')\n1 + 1"),
            _code("import pandas as pd\npd.DataFrame({'x': [1]})"),
            _code("import dli\ndata = {'unit': ['X', 'Y'], 'a': [1, 2]}\n"
                  "dli.Assessment(dli.Index('T', [dli.Indicator('a')]), data)"),
            _markdown("Next: [more](other-one.ipynb)."),
            _code("import matplotlib.pyplot as plt\nax = plt.subplots()[1]\nax.plot([1, 2])", "A line"),
            _code("3;"),
        ],
    )  # fmt: skip
    page = HOOK.page(path)
    assert page.startswith("# Small\n\n[Download this notebook](small.ipynb){ download }\n\nSee")
    assert "[all](../guides/data.md#top)" in page
    assert "[more](other-one.md)" in page
    assert '<pre class="output"><code>a &lt; b</code></pre>' in page
    assert '<pre class="output"><code>2</code></pre>' in page
    assert re.search(
        r'<div class="output"><div>.*<table border="1" class="dataframe">', page, re.DOTALL
    )
    assert page.count('class="dataframe">') == page.count("<table ") == 2
    assert "<table>" not in page
    assert page.count("<svg") == page.count('<svg role="img" aria-label="A line"') == 1
    assert "matplotlib.lines" not in page
    assert page.endswith("```python\n3;\n```\n")
    assert HOOK.page(path) == page


def test_the_last_notebook_runs_without_dask(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    source = (FOLDER / "study-with-dask.ipynb").read_text(encoding="utf-8")
    path = tmp_path / "without.ipynb"
    path.write_text(source.replace("40_000", "200").replace(": 512", ": 16"), encoding="utf-8")
    shown = [output for _, _, outputs in HOOK.run(path) for output in outputs]
    assert sum("distributed is not installed" in output for output in shown) == 3


def test_an_error_names_the_cell(tmp_path):
    path = _written(tmp_path / "faulty.ipynb", [_markdown("# Faulty"), _code("1 / 0")])
    with pytest.raises(ZeroDivisionError) as caught:
        HOOK.run(path)
    assert caught.value.__notes__ == ["in cell 2 of faulty.ipynb"]


def test_a_notebook_begins_with_a_title(tmp_path):
    with pytest.raises(AssertionError, match=r"^faulty.ipynb must begin with a title"):
        HOOK.page(_written(tmp_path / "faulty.ipynb", [_code("1")]))
