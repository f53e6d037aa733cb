"""What a browser finds at the gateway beside the socket: the panel's files, one-time codes, and signs of life.

Files are those of `hybrid_capture/panel/` as they were when the gateway began: a name that is not in the list does not
exist, so no path is ever looked up. Nothing of what was captured is served here, and every page is told to talk to
nobody but this address.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hybrid_capture.index_app import index
from hybrid_capture.panel_hub import Hub
from messages.renderer_words import ClientRole

FOLDER = Path(__file__).parent / "panel"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ts": "text/plain; charset=utf-8",
}
"""What is served, and as what; other files of the folder are not."""
FILES_BYTES_MAX = 8 * 1024 * 1024
CONTRACTS = "contracts.d.ts"


@dataclass(frozen=True, slots=True)
class Shown:
    """One file."""

    content: bytes
    media_type: str


def panel_files(folder: Path = FOLDER) -> dict[str, Shown]:
    """Every file that is served, by its name below the folder. Errors: AssertionError when they outgrew the bound."""
    found = {
        path.relative_to(folder).as_posix(): Shown(path.read_bytes(), TYPES[path.suffix])
        for path in sorted(folder.rglob("*"))
        if path.suffix in TYPES and path.is_file() and not path.is_symlink()
    }
    assert sum(len(each.content) for each in found.values()) <= FILES_BYTES_MAX, "the panel's files are too large"
    return found


def contract_of(files: dict[str, Shown]) -> str:
    """A word for the form of messages: a page that was loaded under another one reloads itself."""
    contracts = files.get(CONTRACTS)
    return hashlib.sha256(contracts.content).hexdigest()[:16] if contracts is not None else ""


def headers_for(port: int) -> dict[str, str]:
    """What every page of the panel comes with."""
    sockets = " ".join(f"ws://{name}:{port}" for name in ("127.0.0.1", "localhost"))
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def bearer(request: Request) -> str:
    """The token that a request says; a page in a browser never says one."""
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    return said.strip() if scheme.lower() == "bearer" and "origin" not in request.headers else ""


def unknown() -> Response:
    """For whoever does not say the run's token."""
    text = "say the token in STATE/panel.token: Authorization: Bearer TOKEN\n"
    return Response(text, 401, {"WWW-Authenticate": "Bearer"}, "text/plain")


def panel_app(hub: Hub, files: dict[str, Shown], port: int) -> Starlette:
    """The application; mounted behind the receiver's routes."""
    headers = headers_for(port)

    async def page(request: Request) -> Response:
        """`/`: the panel for a browser, two lines of JSON for anybody else."""
        found = files.get("index.html")
        if found is None or "text/html" not in request.headers.get("accept", ""):
            return index(request)
        return Response(found.content, 200, headers, found.media_type)

    async def file(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        if found is None:
            return Response("there is no such file\n", 404, headers, "text/plain")
        return Response(found.content, 200, headers, found.media_type)

    async def once(request: Request) -> Response:
        """`POST /once`: a one-time code, for whoever may read the state folder."""
        if not hub.tokens.is_run(bearer(request)):
            hub.refuse("once")
            return unknown()
        role: ClientRole = "observer" if request.headers.get("x-role") == "observer" else "operator"
        code = hub.tokens.code(role, asyncio.get_running_loop().time())
        return JSONResponse({"once": code}, headers=headers)

    async def lives(_: Request) -> Response:
        return Response("ok\n", 200, headers, "text/plain")

    async def ready(_: Request) -> Response:
        """200 when the durable part of capture works, whatever the live stream does."""
        status = hub.status
        healthy = status is not None and status["baseline"]["healthy"]
        mode = "FAILURE" if status is None else status["mode"]
        reason = "the capture tree is starting, or down" if status is None else status["baseline"]["reason"]
        return JSONResponse({"ready": healthy, "mode": mode, "reason": reason}, 200 if healthy else 503, headers)

    return Starlette(
        routes=[
            Route("/", page),
            Route("/panel/{name:path}", file),
            Route("/once", once, methods=["POST"]),
            Route("/healthz", lives),
            Route("/readyz", ready),
        ]
    )
