"""An address of the panel for one browser: asked of the running gateway, with the run's own token."""

from __future__ import annotations

import http.client

import orjson

from messages.renderer_words import ClientRole

ANSWER_BYTES_MAX = 4_096


class NoPanel(Exception):
    """There is no address to be had. The text says what to do."""


def panel_address(base: str, token: str, role: ClientRole = "operator", timeout_s: float = 5.0) -> str:
    """`http://127.0.0.1:PORT/#once=CODE`: good for one browser, once, for ten minutes. Errors: NoPanel.

    The token travels in a header to a loopback address, the code in a fragment, which no browser sends or logs.
    """
    if not base or not token:
        raise NoPanel("the gateway has no port, so there is no panel: see `hybrid-capture status`")
    host, _, port = base.removeprefix("http://").partition(":")
    link = http.client.HTTPConnection(host, int(port), timeout=timeout_s)
    try:
        link.request("POST", "/once", headers={"Authorization": f"Bearer {token}", "X-Role": role})
        answer = link.getresponse()
        body = answer.read(ANSWER_BYTES_MAX)
        if answer.status != 200:
            raise NoPanel("the gateway does not know this run's token: is it another runtime's port?")
        return f"{base}/#once={orjson.loads(body)['once']}"
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        raise NoPanel("the gateway does not answer: try again in a moment") from None
    finally:
        link.close()
