"""The documentation leads where it says: every relative link exists, and a link's title is code that stands in its file."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    p
    for p in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("*/README.md"),
        *ROOT.glob("examples/data/*.md"),
    )
)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)(?P<path>[^)\s#]+)(?:#[^)\s]*)?(?:\s+\"(?P<code>[^\"]+)\")?\)")


def links() -> list[tuple[Path, str, str | None]]:
    return [(page, m["path"], m["code"]) for page in PAGES for m in LINK.finditer(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("page", "path", "code"), links(), ids=lambda x: x.name if isinstance(x, Path) else x or "")
def test_link_leads_to_what_it_names(page: Path, path: str, code: str | None) -> None:
    target = page.parent / path
    assert target.exists(), f"{page.name} links to {path}, which does not exist"
    if code is not None:
        assert code in target.read_text(encoding="utf-8"), f"{page.name} says that {code!r} is in {path}"


def test_the_walk_through_the_layers_has_links() -> None:
    walked = [code for page, _, code in links() if page.name == "architecture.md" and code]
    assert len(walked) > 25
