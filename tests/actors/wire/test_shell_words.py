from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.shell_words import joined

RECORDED = {
    "echo 'it'": "\"echo 'it'\"",
    'echo it\'s "q" $HOME': '"echo it\'s \\"q\\" "\'$HOME\'',
    'echo "a b"': "'echo \"a b\"'",
    "printf '%s' \"it's\" \\n `x` !y ^z": "\"printf '%s' \\\"it's\\\" \\\\n \"'`x` !y ''^z'",
    "echo ünï": "'echo ünï'",
    "ls": "ls",
    "^x": "'^x'",
    "a=1;echo ${a}^2": "'a=1;echo ${a}''^2'",
    "": "''",
}
"""Commands, and how codex 0.169 quoted them in the stream."""


@pytest.mark.parametrize("command", RECORDED)
def test_a_command_is_quoted_as_codex_quotes_it(command: str) -> None:
    assert joined(["/bin/bash", "-lc", command]) == f"/bin/bash -lc {RECORDED[command]}"


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12), max_size=4))
def test_a_shell_reads_the_same_words_back(words: list[str]) -> None:
    assert shlex.split(joined(words)) == words
