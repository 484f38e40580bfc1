"""Pages without markup of other tools, which the site would show as it is."""

import logging
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

LOG = logging.getLogger("mkdocs.hooks.rendered")  # a strict build fails on its warnings
CODE = re.compile(r"<(pre|code|script|style)\b.*?</\1>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
UNRENDERED = re.compile(r":(?:math|class|func|meth|mod|ref):|\.\. \w+::|::(?=\s|$)|`[^`\n]+`|\$\\")


def on_post_page(output: str, page: "Page", config: object) -> str:  # noqa: ARG001 mkdocs passes it
    """Warn of markup that is left in the text of a page."""
    text = TAG.sub("", CODE.sub("", output))
    for found in UNRENDERED.finditer(text):
        around = " ".join(text[max(0, found.start() - 40) : found.end() + 40].split())
        LOG.warning("%s: markup that was not rendered: %r", page.file.src_uri, around)
    return output
