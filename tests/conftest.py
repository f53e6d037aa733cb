"""Fixtures for tests that need another program: an app-server, scripted or real, its model, a PostgreSQL server.

The real codex is found by HYBRID_CAPTURE_CODEX or in `.tools/node_modules`, the real claude only there. Without them
the tests marked `real` fail: a silent skip would let the stand-in drift. `-m "not real"` leaves them out on purpose.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from chaos.claude_program import ClaudeNotFound, find_claude
from chaos.client import Client
from chaos.loopback_messages import LoopbackMessages
from chaos.loopback_model import LoopbackModel
from chaos.scripted import write_executable
from hybrid_capture.codex_binary import CodexNotFound, resolve_codex
from tests.server import NoServer, PostgresServer, running_server

ROOT = Path(__file__).resolve().parent.parent
# No test follows the folders of whoever runs it; those that follow folders of their own say so.
os.environ["HYBRID_CAPTURE_WATCH_CODEX"] = os.environ["HYBRID_CAPTURE_WATCH_CLAUDE"] = "false"
# An example has no deadline: on a busy machine one that waits for a processor is not a slow one. Every run has the same
# examples, so that it differs from the one before by what was changed alone; new ones are looked for on purpose:
# pytest --hypothesis-profile "new examples".
settings.register_profile("new examples", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("any machine", settings.get_profile("new examples"), derandomize=True)
settings.load_profile("any machine")
Start = Callable[..., Client]


def pytest_configure(config: pytest.Config) -> None:
    """Each worker has a temporary folder of its own: what one runtime leaves there is looked for by `doctor`."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        tempfile.tempdir = os.environ["TMPDIR"] = tempfile.mkdtemp(prefix=f"{worker}-")
        os.chmod(os.environ["TMPDIR"], 0o711)  # tests that give their rights up must still get through
        config.add_cleanup(lambda: shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is given the most time comes first: begun last, everything else would be done and wait for it."""

    def patience_s(item: pytest.Item) -> float:
        given = item.get_closest_marker("timeout")
        return float(given.args[0]) if given else 0.0

    items.sort(key=patience_s, reverse=True)


@pytest.fixture(scope="session")
def scripted_codex(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An executable that stands wherever a codex binary is expected; it has no script of its own."""
    return write_executable(tmp_path_factory.mktemp("scripted") / "codex")


@pytest.fixture(scope="session")
def real_codex() -> Path:
    """The native codex binary."""
    explicit = os.environ.get("HYBRID_CAPTURE_CODEX")
    problem = ""
    try:
        return resolve_codex(
            Path(explicit) if explicit else None, env_path="", search=[ROOT / ".tools" / "node_modules"]
        )
    except CodexNotFound as missing:
        problem = str(missing)
    pytest.fail(f"{problem}. Run `make programs`, or leave these tests out with -m 'not real'", pytrace=False)


@pytest.fixture(scope="session")
def real_claude() -> Path:
    """The native claude binary."""
    try:
        return find_claude(ROOT / ".tools" / "node_modules")
    except ClaudeNotFound as missing:
        problem = str(missing)
    pytest.fail(f"{problem}. Run `make programs`, or leave these tests out with -m 'not real'", pytrace=False)


@pytest.fixture
def loopback_messages() -> Iterator[LoopbackMessages]:
    """A running loopback Messages API; the test fails when anything tried to reach another host."""
    with LoopbackMessages() as api:
        yield api
    assert api.leaks == []


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL server; one for all tests, each store in a schema of its own."""
    try:
        with running_server() as server:
            yield server
    except NoServer as missing:
        problem = str(missing)
    else:
        return
    pytest.fail(problem, pytrace=False)


@pytest.fixture
def loopback_model() -> Iterator[LoopbackModel]:
    """A running loopback model; the test fails when anything tried to reach another host."""
    with LoopbackModel() as model:
        yield model
    assert model.leaks == []


@pytest.fixture
def start_app_server(tmp_path: Path) -> Iterator[Start]:
    """`start(codex, env)` → a Client; standard error goes to `<tmp_path>/stderr`. All are ended after the test."""
    clients: list[Client] = []

    def start(codex: Path, env: Mapping[str, str]) -> Client:
        client = Client([codex, "app-server", "--strict-config"], env, stderr=tmp_path / "stderr")
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.end()
