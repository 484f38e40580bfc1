"""A real browser shows reports without a word in its console and asks nobody for anything."""

import json
import re
import shutil
import subprocess

import matplotlib as mpl
import pytest

mpl.use("Agg")

from tests.report.pages import HOSTILE, hostile

from dli import report

BROWSER = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-logging=stderr", "--dump-dom",
]  # fmt: skip

# The browser's maker hears from it whatever page is open.
OWN = re.compile(r"https?://([\w-]+\.)*(google|googleapis|gvt1|gstatic)\.com[:/]")

# What breaks the promises, to see that the test would tell.
BROKEN = """<!DOCTYPE html><title>broken</title><img src="http://nowhere.invalid/x.png">
<script>console.error("a word")</script>"""


def opened(html, tmp_path):
    """Open a page; give its tree, what the console said, and what was asked of the network."""
    path, log = tmp_path / "page.html", tmp_path / "net.json"
    path.write_text(html, encoding="utf-8")
    command = [BROWSER, *OPTIONS, f"--log-net-log={log}", f"--user-data-dir={tmp_path / 'user'}"]
    done = subprocess.run(
        [*command, path.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    asked = {event.get("params", {}).get("url", "") for event in events}
    asked = {url for url in asked if url.startswith(("http", "ws")) and not OWN.match(url)}
    return done.stdout, console, asked


@pytest.mark.once
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("make", [report.of_index, lambda a: report.of_unit(a, HOSTILE[0])])
def test_a_browser_shows_a_report_and_asks_for_nothing(make, tmp_path):
    html = make(hostile()).html()
    tree, console, asked = opened(html, tmp_path)
    assert console == []
    assert asked == set()
    assert tree.count("<img ") == html.count("<img ")
    assert len(re.findall(r"<h2\b", tree)) == len(re.findall(r"<h2\b", html))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in tree


@pytest.mark.once
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_the_browser_would_tell(tmp_path):
    _, console, asked = opened(BROKEN, tmp_path)
    assert any("a word" in line for line in console)
    assert asked == {"http://nowhere.invalid/x.png"}
