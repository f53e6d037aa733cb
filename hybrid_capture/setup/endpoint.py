"""Where the telemetry of a tool goes, and with which token."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from hybrid_capture.problems import USAGE, Problem

_ALLOWED = re.compile(r"[A-Za-z0-9.:/\[\]_%~-]+")
"""What an endpoint may hold: nothing that could end a string, a line or a header."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Base URL of an OTLP/HTTP receiver."""

    base: str
    """Without a slash at its end."""
    remote: bool

    def of(self, signal: str) -> str:
        """The URL of `logs`, `traces` or `metrics`."""
        return f"{self.base}/v1/{signal}"


def endpoint_of(text: str, *, allow_remote: bool) -> Endpoint:
    """Check an endpoint that somebody gave. Errors: Problem, which never repeats what may be a credential in it."""
    if not _ALLOWED.fullmatch(text):
        raise _refused("the endpoint holds spaces, quotes, control or other characters that no URL of a receiver needs")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _refused("the endpoint is no URL: give one such as http://127.0.0.1:4318") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _refused("the endpoint has to begin with http:// or https:// and name a host")
    if parts.username is not None or "?" in text or "#" in text:
        raise _refused("the endpoint may hold no user, password, query or fragment: give only http://HOST:PORT")
    if port == 0:
        raise _refused("the endpoint names port 0, which nobody can listen on")
    remote = not _is_loopback(parts.hostname)
    if remote and not allow_remote:
        raise _refused(
            "the endpoint is not on this machine: prompts, commands and their output would leave it. "
            "If that is what you want, say --allow-remote"
        )
    if remote and parts.scheme != "https":
        raise _refused("a receiver on another machine has to be reached by https: the token would travel readable")
    return Endpoint(text.rstrip("/"), remote)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(text: str) -> Problem:
    return Problem("BAD_ENDPOINT", text, USAGE)
