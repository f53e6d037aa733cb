"""What a browser finds: the panel's files and nothing else, told to talk to nobody but this address."""

from __future__ import annotations

import asyncio
import http.client
from pathlib import Path
from typing import Any

import orjson
import pytest

from hybrid_capture.panel_app import CONTRACTS, contract_of, panel_files
from hybrid_capture.panel_tokens import Entry
from tests.hybrid_capture.panel_house import STATUS, TOKEN, PanelHouse, run


async def ask(house: PanelHouse, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One request by a thread of its own."""

    def asked() -> tuple[int, dict[str, str], bytes]:
        link = http.client.HTTPConnection("127.0.0.1", house.port, timeout=30)
        link.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = link.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        link.close()
        return found

    return await asyncio.to_thread(asked)


def test_a_browser_gets_the_panel_under_a_policy_that_lets_nothing_in_or_out() -> None:
    async def story(house: PanelHouse) -> None:
        status, headers, body = await ask(house, "GET", "/", Accept="text/html")
        assert (status, body, headers["content-type"]) == (200, b"<!doctype html>", "text/html; charset=utf-8")
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert f"connect-src 'self' ws://127.0.0.1:{house.port} ws://localhost:{house.port};" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert not [name for name in headers if name.startswith("access-control")]
        status, headers, _ = await ask(house, "GET", "/panel/views/a.js")
        assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")

    run(story)


@pytest.mark.parametrize(
    "path",
    ["/panel/none.js", "/panel/../door.py", "/panel/%2e%2e/door.py", "/panel/..%2fdoor.py", "/panel//etc/passwd",
     "/panel/", "/panel/views", "/panel/index.html%00.js"],
)  # fmt: skip
def test_a_name_that_is_not_in_the_list_does_not_exist(path: str) -> None:
    async def story(house: PanelHouse) -> None:
        assert (await ask(house, "GET", path))[0] == 404

    run(story)


def test_a_code_is_given_to_who_says_the_runs_token_and_to_no_page() -> None:
    async def story(house: PanelHouse) -> None:
        for headers in ({}, {"Authorization": "Bearer guess"}, {"Authorization": f"Bearer {TOKEN}", "Origin": "null"}):
            status, told, body = await ask(house, "POST", "/once", **headers)
            assert (status, told["www-authenticate"]) == (401, "Bearer")
            assert TOKEN.encode() not in body
        status, _, body = await ask(house, "POST", "/once", Authorization=f"Bearer {TOKEN}", X_Role="observer")
        assert status == 200
        now_s = asyncio.get_running_loop().time()
        assert house.tokens.once(orjson.loads(body)["once"], now_s) == Entry("observer")
        assert (await ask(house, "GET", "/once"))[0] == 405

    run(story)


def test_it_is_ready_when_the_durable_part_works() -> None:
    async def story(house: PanelHouse) -> None:
        assert (await ask(house, "GET", "/healthz"))[0] == 200
        status, _, body = await ask(house, "GET", "/readyz")
        assert (status, orjson.loads(body)["mode"]) == (503, "FAILURE")
        house.tell(["gateway"], {"event": "status", "status": STATUS})
        status, _, body = await ask(house, "GET", "/readyz")
        assert (status, orjson.loads(body)) == (200, {"ready": True, "mode": "OTEL_ONLY", "reason": "it works"})
        broken = {**STATUS, "baseline": {"healthy": False, "reason": "the disk is full"}}
        house.tell(["gateway"], {"event": "status", "status": broken})
        assert (await ask(house, "GET", "/readyz"))[0] == 503

    run(story)


def test_metrics_are_for_who_says_the_token() -> None:
    async def story(house: PanelHouse) -> None:
        assert (await ask(house, "GET", "/metrics"))[0] == 401
        status, headers, body = await ask(house, "GET", "/metrics", Authorization=f"Bearer {TOKEN}")
        text = body.decode()
        assert (status, headers["content-type"].partition(";")[0]) == (200, "text/plain")
        assert 'hybrid_capture_mode{mode="OTEL_ONLY"} 1.0' in text
        assert 'hybrid_capture_actor_restarts_total{actor="ingest"} 1.0' in text
        assert 'hybrid_capture_renderer_refused_total{why="metrics"} 1.0' in text
        page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
        names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
        assert [name for name in sorted(names) if f"`{name}`" not in page] == []
        house.answer = lambda command: []

    run(story)


def test_the_files_are_those_of_the_folder_that_a_browser_can_use(tmp_path: Path) -> None:
    (tmp_path / "views").mkdir()
    for name in ("index.html", "views/a.js", "secret.txt", "a.py", CONTRACTS):
        (tmp_path / name).write_text(name)
    (tmp_path / "link.js").symlink_to(tmp_path / "a.py")
    files: dict[str, Any] = panel_files(tmp_path)
    assert set(files) == {"index.html", "views/a.js", CONTRACTS}
    assert len(contract_of(files)) == 16
    assert contract_of({}) == ""
