"""What axe-core has against a screen: WCAG 2.2 A and AA, and good practice."""

from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Page

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_ASK = """rules => axe.run(document, {runOnly: rules, resultTypes: ["violations"]}).then(found => found.violations.map(
    one => `${one.id}: ${one.nodes.length} × ${one.nodes[0].html.slice(0, 200)}`))"""


def violations(page: Page) -> list[str]:
    """Each rule that the page breaks, how often, and the first place. The page was opened without its content policy:
    the policy refuses scripts that are not ours, and axe is one.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(Path(str(files("axe_playwright_python") / "axe.min.js")).read_text(encoding="utf-8"))
    return [str(one) for one in page.evaluate(_ASK, _RULES)]
