"""Where structure may hold a secret: positions the gate reports, and who reads on from there.

An anchor's probe ends where reading starts (just past a sign such as `=`) or inside the value. Its reader gets the
shadow view and that end, and yields spans; it must give the same spans for every end the two engines may report for one
place, so readers first move to a canonical position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from storage.redacting.assignments import assignment
from storage.redacting.finding import Span
from storage.redacting.gate import Probe
from storage.redacting.headers import bearer
from storage.redacting.neighbours import call, cell, element, flag, pair, prose, setting
from storage.redacting.urls import query, userinfo

_NAME = (
    r"(?:passw|passphrase|passcode|pwd|pass|secret|token|cred|auth|cookie|jwt|psk|mnemonic|api key|access key|licen"
    r"se key|secret key|[_-]pat|[_-]pw|bindpw|rootpw"
    r"|signature|[a-z0-9_-]key)"
)
_HINTS = (
    "passw",
    "passphrase",
    "passcode",
    "pwd",
    "pass",
    "secret",
    "token",
    "cred",
    "auth",
    "cookie",
    "jwt",
    "psk",
    "mnemonic",
    "key",
    "_pat",
    "-pat",
    "_pw",
    "-pw",
    "bindpw",
    "rootpw",
    "signature",
)
_TAIL = r"[a-z0-9_.-]{0,16}"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A kind of place."""

    probe: Probe
    """Where it is."""
    read: Callable[[str, int], Iterator[Span]]
    """What is read there."""


_QUERY_HINTS = tuple(
    f"{name}{sign}"
    for name in (
        "key",
        "sig",
        "signature",
        "code",
        "state",
        "credential",
        "hmac",
        "ticket",
        "response",
        "assertion",
        "verifier",
        "sid",
        "otp",
    )
    for sign in ("=", "%3d")
)


def _probe(pattern: str, *hints: str) -> Probe:
    return Probe(pattern, hints or _HINTS, caseless=True, everywhere=True)


ANCHORS: tuple[Anchor, ...] = (
    Anchor(
        _probe(
            _NAME
            + _TAIL
            + r"[\"'`\[\])\\]{0,8}[ \t]{0,48}(?:[ \t](?:string|str|&str|\*string)[ \t]{1,4})?[?.+|]{0,2}"
            + r"(?:[:=]|<-[ \t]{0,2}[\"'])"
        ),
        assignment,
    ),
    Anchor(_probe(r"bearer[ \t]{1,4}\\{0,8}[\"'`]?[\w.~+/=:-]{8}", "bearer"), bearer),
    Anchor(_probe(r"://[^\s:/@\"'<>?#`\\()]{0,256}(?::[^\s\"'<>`\\@]{1,256})?@", "://"), userinfo),
    Anchor(
        _probe(
            r"[?&;](?:key|sig|signature|code|state|x-amz-signature|x-goog-signature|x-amz-credential|hmac|ticket"
            r"|samlresponse|assertion|code_verifier|sid|otp)(?:=|%3d)",
            *_QUERY_HINTS,
        ),
        query,
    ),
    Anchor(
        _probe(
            r"-[a-z0-9_-]{0,40}(?:passw|passphrase|pwd|pass|secret|token|key|pat|pw|cred)[a-z0-9_-]{0,12}[ \t]"
            r"{1,4}[^\s|&<>-]"
        ),
        flag,
    ),
    Anchor(
        _probe(
            _NAME
            + _TAIL
            + r"\\{0,4}[\"'`]?[\s,;]{1,60}(?:\\{0,4}[\"']?(?:type|sensitive|secure|hidden|slot|description)\\{0,4}"
            r"[\"']?\s{0,4}[:=]\s{0,4}\\{0,4}[\"']?[\w ]{1,24}\\{0,4}[\"']?[\s,;]{1,40})?"
            r"\\{0,4}[\"']?(?:value|val|content|secret|default|plaintext|data)\\{0,4}[\"']?\s{0,4}[:=]"
        ),
        pair,
    ),
    Anchor(_probe(_NAME + _TAIL + r"\\{0,4}[\"'`][ \t\r\n]{0,4},[ \t\r\n]{0,4}\\{0,4}[\"'`]"), call),
    Anchor(_probe(_NAME + _TAIL + r"(?:[ \t][^<>\n]{0,200})?>\s{0,64}[^<>\s]"), element),
    Anchor(
        _probe(
            r"(?:password|passwd|passphrase|passcode|pwd|secret|token|api[ _-]?key|credential)s?[ \t][^\n.;:=]"
            r"{0,60}(?:\b(?:is|was|to|be)[ \t:]|[\w'\"]:[ \t])"
        ),
        prose,
    ),
    Anchor(
        _probe(
            r"(?:passw|pwd|pass|secret|token|[_-]key|apikey)[a-z0-9_-]{0,12}[`*]{0,2}"
            r"[ \t]{1,40}(?:->|[|])[ \t]"
        ),
        cell,
    ),
    Anchor(
        _probe(
            r"(?:\benv|setx|setenv|#[ \t]{0,4}define|\bset(?:[ \t]{1,2}-[a-z]{1,6}){0,2}"
            r"|secret set|secrets set|variable set)"
            r"[ \t]{1,4}[a-z0-9_]{0,60}(?:passw|pwd|pass|secret|token|key)[a-z0-9_]{0,16}"
            r"[ \t]{1,4}[^\s=:]",
            "set",
            "env",
            "define",
        ),
        setting,
    ),
)
"""Every kind of place, in the order of their probe indices."""
