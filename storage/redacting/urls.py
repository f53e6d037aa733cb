"""Credentials in URLs: user information and query parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from storage.redacting.finding import Span
from storage.redacting.reading import STRUCTURE, trimmed
from storage.redacting.values import is_standin, looks_random

_USERINFO = re.compile(
    r"://(?P<user>[^\s:/@\"'<>?#`\\()]{0,256})(?::(?P<password>[^\s\"'<>/?#`\\]{1,512}))?@(?=[\w\[{$%<.-])"
)
_USERINFO_ODD = re.compile(
    r"://(?P<user>[^\s:/@\"'<>?#`\\()]{0,64}):(?P<password>[^\s\"'<>`\\@]{1,128})@"
    r"(?=[\w\[-]+(?:\.[\w-]+)*(?::\d+)?(?:/|$|\s|[\"']))"
)


def userinfo(view: str, end: int) -> Iterator[Span]:
    """`scheme://user:password@host` and `scheme://token@host`."""
    begin = view.rfind("://", max(0, end - 900), end)
    if begin < 0:
        return
    match = _USERINFO.match(view, begin)
    if match is None:
        match = _USERINFO_ODD.match(view, begin)
        if (
            match is None
            or not any(c.isdigit() for c in match["password"].partition("/")[0])
            or re.match(r"\d{1,5}(?:/|$)", match["password"])
        ):
            return
    user, password = match["user"], match["password"]
    if password is None:
        if len(user) >= 12 and looks_random(user) and not is_standin(user):
            yield Span(*match.span("user"), STRUCTURE, "url-token")
        return
    if password in ("x-oauth-basic", "x-oauth-token", "x-token-auth") and len(user) >= 12 and not is_standin(user):
        yield Span(*match.span("user"), STRUCTURE, "url-token")
        return
    if (
        len(password) < 3
        or is_standin(password)
        # `postgres:postgres@`, `guest:guest@`: what the program ships with.
        or (password == user and password.isalpha())
        or (re.fullmatch(r"\$?[A-Z][A-Z_0-9]*", password) and not any(c.isdigit() for c in password))
    ):
        return
    yield Span(*match.span("password"), STRUCTURE, "url-password")


_QUERY = re.compile(
    r"(?i)(?P<name>key|sig|signature|code|state|x-amz-signature|x-goog-signature|x-amz-credential|hmac|ticket"
    r"|samlresponse|assertion|code_verifier|sid|otp)"
    r"(?:=|%3d)(?P<v>[^&\s\"'<>#`\\]{6,})"
)
_OAUTH = re.compile(
    r"(?i)client_id|redirect_uri|response_type|scope=|oauth|authorize|callback|login|grant_type"
    r"|code_challenge|state=|session_state"
)


def query(view: str, end: int) -> Iterator[Span]:
    """Query parameters whose names tell something only in a URL: `sig`, `key`, `code`, `state`."""
    begin = (
        max(
            view.rfind("?", max(0, end - 32), end),
            view.rfind("&", max(0, end - 32), end),
            view.rfind(";", max(0, end - 32), end),
        )
        + 1
    )
    match = _QUERY.match(view, begin)
    if match is None:
        return
    name, value = match["name"].lower(), match["v"]
    lo, hi = match.span("v")
    hi = trimmed(view, lo, hi)
    if is_standin(value):
        return
    if name in ("code", "state", "sid", "ticket"):
        line = view[max(0, begin - 300) : min(len(view), hi + 200)]
        if not _OAUTH.search(line) or not looks_random(value) or len(value) < 10:
            return
    elif not (looks_random(value.replace("%", "")) and len(value) >= 12):
        return
    yield Span(
        lo, hi, STRUCTURE, "url-" + ("signature" if "sig" in name else "code" if name in ("code", "state") else "key")
    )
