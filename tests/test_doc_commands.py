"""Every command in the documentation runs, or says why not here. What stands behind ```sh: tests/doc_blocks.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compiled_rules import lay_into
from tests.doc_blocks import ROOT, Block, House, blocks
from tests.unhurried import as_environment

OWN_TEST = {"runbook.md"}
"""Pages whose commands another test runs."""
ORDER = ("codex.md", "claude.md")
"""Pages that come first: the others read what these captured."""
LAST = ("upgrade.md",)
"""And what ends it all."""


def pages() -> list[Path]:
    """All pages with commands, in the order in which they are run."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*.md")]
    shown = [page for page in found if page.name not in OWN_TEST]
    place = {name: number for number, name in enumerate(ORDER)} | dict.fromkeys(LAST, 99)
    return sorted(shown, key=lambda page: (place.get(page.name, 10), page.name))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("docs"))
    try:
        yield made
    finally:
        made.close()


@pytest.mark.live
@pytest.mark.timeout(900)
def test_every_command_of_every_page_runs(house: House) -> None:
    for page in pages():
        house.play(list(blocks(page)))


@pytest.mark.live
@pytest.mark.parametrize("page", ["README.md", "docs/embedding.md", "docs/redaction.md"])
def test_the_programs_on_a_page_run(house: House, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"CODEX_HOME": str(house.home / ".codex"), **as_environment()}.items():
        monkeypatch.setenv(name, value)
    state = lay_into(tmp_path / "state")
    for found in re.finditer(r"^```python\n(.*?)^```$", (ROOT / page).read_text(), re.M | re.S):
        given = {"state_dir": state, "codex": house.bin / "codex"}
        exec(compile(found.group(1), page, "exec"), given)


def test_what_is_not_run_is_little_and_says_why() -> None:
    every = [block for page in pages() for block in blocks(page)]
    left_out = [block for block in every if block.reason]
    assert len(every) >= 30
    assert len(left_out) <= len(every) // 2, [f"{block}: {block.reason}" for block in left_out]


def test_a_block_says_how_it_is_run(tmp_path: Path) -> None:
    block = Block("page.md", 1, "false\n", "exit=1")
    assert (block.exit_code, block.reason) == (1, "")
    assert Block("page.md", 1, "", "not-run: needs an account").reason == "needs an account"
    for wrong in ("```\nls\n```\n", "```sh later\nls\n```\n", "```sh not-run:\nls\n```\n"):
        page = tmp_path / "page.md"
        page.write_text(wrong)
        with pytest.raises(AssertionError):
            list(blocks(page))


@pytest.mark.live
def test_a_command_that_fails_is_told_with_its_place(tmp_path: Path) -> None:
    made = House(tmp_path)
    with pytest.raises(AssertionError, match=r"page\.md:7.*exit code 3"):
        made.play([Block("page.md", 3, "true\n", ""), Block("page.md", 7, "exit 3\n", "")])
