"""Credentials in HTTP headers: authorization schemes, bearer tokens, cookies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from storage.redacting.finding import Span
from storage.redacting.reading import OPENING, STRUCTURE, VALUE_CHARS_MAX, quoted_at, trimmed
from storage.redacting.validators import unbase64
from storage.redacting.values import is_standin, looks_random
from storage.redacting.words import kind, wordset

_SCHEME = re.compile(r"(?P<open>\\*[\"'`]?)[ \t]{0,4}(?P<scheme>[A-Za-z][A-Za-z0-9-]{1,24})[ \t]{1,4}(?=\S)")
_CREDENTIAL = re.compile(r"[^\s\"'`<>,;\\]+")
_LONG_SCHEMES = frozenset(("digest", "hawk", "oauth", "signature", "mac", "hmac"))
_PAIR_SECRET = re.compile(
    r"(?i)\b(?:response|signature|oauth_signature|oauth_token|mac|cnonce|token|api_key|apikey|key|hmac)"
    r"=\\*\"?(?P<v>[^\s\",;\\]{8,})"
)


def credential(view: str, at: int) -> Iterator[Span]:
    """The value of an `Authorization`-like header, from `at`."""
    scheme = _SCHEME.match(view, at)
    word = ""
    if scheme is not None:
        word = scheme["scheme"].lower()
        at = scheme.end()
        if word in _LONG_SCHEMES or word.startswith("aws4-"):
            stop = view.find("\n", at)
            for pair in _PAIR_SECRET.finditer(view, at, stop if stop >= 0 else len(view)):
                yield Span(*pair.span("v"), STRUCTURE, "authorization")
            return
    else:
        opening = OPENING.match(view, at)
        if opening is not None:
            at = opening.end()
    if word == "token" or word == "genie":
        skip = re.compile(r"token=\\*\"?").match(view, at)
        at = skip.end() if skip is not None else at
    run = _CREDENTIAL.match(view, at, min(len(view), at + VALUE_CHARS_MAX))
    if run is None:
        return
    lo, hi = run.span()
    hi = trimmed(view, lo, hi)
    if _is_credential(view[lo:hi], word):
        yield Span(lo, hi, STRUCTURE, "authorization")


def _is_credential(value: str, scheme: str) -> bool:
    if len(value) < 6 or is_standin(value) or value[0] in "$%{<[(*." or "://" in value:
        return False
    if re.match(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*\(", value):
        return False
    if scheme == "basic":
        decoded = unbase64(value)
        return decoded is not None and (b":" in decoded or len(value) >= 24)
    if scheme in (
        "bearer",
        "token",
        "apikey",
        "api-key",
        "bot",
        "ssws",
        "geniekey",
        "splunk",
        "key",
        "oauth2",
        "jwt",
        "negotiate",
        "ntlm",
        "sso-key",
        "private-token",
    ):
        return (
            (any(c.isdigit() for c in value) and (len(value) >= 12 or looks_random(value)))
            or looks_random(value)
            or (len(value) >= 24 and not value.islower())
        )
    return looks_random(value) and len(value) >= 12 and value[0] != "/"


_COOKIE_PAIR = re.compile(r"(?P<name>[A-Za-z0-9_.!%$-]{1,80})=(?P<v>[^;\s\"'`,\\<>]{4,4096})")
_COOKIE_ATTRIBUTES = wordset(
    "path domain expires max-age samesite secure httponly version priority partitioned comment"
)


def cookies(view: str, at: int) -> Iterator[Span]:
    """Values of `a=b; c=d` that look like session material."""
    quoted = quoted_at(view, at)
    if quoted is not None:
        at, stop = quoted[0], quoted[1]
    else:
        stop = view.find("\n", at)
        stop = len(view) if stop < 0 else stop
    for pair in _COOKIE_PAIR.finditer(view, at, min(stop, at + VALUE_CHARS_MAX)):
        name, value = pair["name"].lower(), pair["v"]
        if name in _COOKIE_ATTRIBUTES or is_standin(value):
            continue
        telling = kind(name) != "" or any(
            word in name for word in ("sess", "sid", "auth", "token", "jwt", "login", "remember", "csrf", "xsrf")
        )
        if (telling and len(value) >= 6 and any(c.isdigit() for c in value)) or (
            len(value) >= 16 and looks_random(value)
        ):
            yield Span(*pair.span("v"), STRUCTURE, "cookie")


_BEARER_RUN = re.compile(r"(?i)bearer[ \t]{1,4}\\*[\"'`]?(?P<v>[\w.~+/=:-]{8,})")


def bearer(view: str, end: int) -> Iterator[Span]:
    """`Bearer <credential>` wherever it stands."""
    match = None
    for match in _BEARER_RUN.finditer(view, max(0, end - 48), min(len(view), end + VALUE_CHARS_MAX)):
        if match.start("v") <= end <= match.end("v"):
            break
    else:
        return
    lo, hi = match.span("v")
    hi = trimmed(view, lo, hi)
    if _is_credential(view[lo:hi], "bearer"):
        yield Span(lo, hi, STRUCTURE, "authorization")
