"""What stands at the gateway's root where the panel is not: what is here, and nothing of what was captured."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>hybrid-capture</title>
<h1>hybrid-capture</h1><p>This is the gateway of a capture runtime on this machine.</p>
<p>Telemetry goes to <code>/v1/logs</code>, <code>/v1/traces</code> and <code>/v1/metrics</code>;
<code>hybrid-capture status</code> says how capture stands.</p></html>
"""
PATHS = ["/v1/logs", "/v1/traces", "/v1/metrics"]
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def index(request: Request) -> Response:
    """What stands at `/` for whoever is no browser, or where the panel's files are missing."""
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(PAGE, headers=HEADERS)
    return JSONResponse({"name": "hybrid-capture", "otlp": PATHS}, headers=HEADERS)
