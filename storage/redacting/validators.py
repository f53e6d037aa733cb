"""Checks a format's own definition offers beyond its letters: checksums, headers that must decode, spread of
characters."""

from __future__ import annotations

import base64
import binascii
import itertools
import math
import re
from collections.abc import Callable

_DUMMY = re.compile(
    r"abcdefghijklmnop|ABCDEFGHIJKLMNOP|(?:0?1234567890?){2}|([xX*.#_0-])\1{5}|(.)\2{9}|EXAMPLE|PLACEHOLDER|REDACTED|YOUR_|_HERE",
)


def entropy(value: str) -> float:
    """Shannon entropy of the characters, in bits per character. 0.0 for an empty string."""
    total = len(value)
    if total < 2:
        return 0.0
    # By hand: Counter and a generator cost four times as much, and this is asked of every candidate.
    spent = 0.0
    for char in set(value):
        count = value.count(char)
        if count > 1:
            spent += count * math.log2(count)
    return math.log2(total) - spent / total


_DIGITS = dict.fromkeys(map(ord, "0123456789"))


def digits_in(value: str) -> int:
    """How many ASCII digits."""
    return len(value) - len(value.translate(_DIGITS))


def is_dummy(value: str) -> bool:
    """Whether a well-formed token is plainly a stand-in: masked, a run of one character, an alphabet, `..._HERE`."""
    return _DUMMY.search(value) is not None


def is_counted(value: str) -> bool:
    """Whether a value is typed along the alphabet and the digits (`abc123xyz-456…`): 40 % of its neighbours follow on.

    In random base-62 text 2 % do; the check needs sixteen characters to say yes.
    """
    if len(value) < 16:
        return False
    value = value[:512].lower()
    return sum(ord(b) - ord(a) == 1 for a, b in itertools.pairwise(value)) * 5 >= (len(value) - 1) * 2


_TELEGRAM_LIKE = re.compile(r"[0-9]{5,20}:[Aa][0-9A-Za-z_-]*")
_TELEGRAM = re.compile(r"[0-9]{5,16}:A[0-9A-Za-z_-]{33,35}")


def is_malformed(name: str, value: str) -> bool:
    """Whether a field that names a vendor holds what has the head of the vendor's token but cannot be one.

    Only for formats documented to the last character. Source: Telegram Bot API, "Authorizing your bot".
    """
    return (
        "telegram" in name.lower()
        and _TELEGRAM_LIKE.fullmatch(value) is not None
        and _TELEGRAM.fullmatch(value) is None
    )


def unbase64(value: str, *, bytes_max: int = 65536) -> bytes | None:
    """The bytes of a base64 or base64url string, padded or not; None when it is neither or longer than `bytes_max`."""
    if len(value) * 3 > bytes_max * 4:
        return None
    value = value.replace("-", "+").replace("_", "/").rstrip("=")
    if len(value) % 4 == 1:
        return None
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def is_jwt(token: str) -> bool:
    """Whether the first segment decodes to a JSON object, the header of RFC 7515, whatever its members."""
    head = unbase64(token.split(".", 1)[0])
    return head is not None and head[:1] == b"{" and b'"' in head[:8]


def is_discord(token: str) -> bool:
    """Whether the first segment of a bot token is the base64 of a numeric user id."""
    head = unbase64(token.split(".", 1)[0])
    return head is not None and head.isdigit() and len(head) >= 15


def has_mixed(value: str) -> bool:
    """Whether lower case, upper case and digits all occur: a random base-62 string of 20 or more nearly always
    has them."""
    return any(c.islower() for c in value) and any(c.isupper() for c in value) and any(c.isdigit() for c in value)


def has_case(value: str) -> bool:
    """Whether lower and upper case both occur."""
    return any(c.islower() for c in value) and any(c.isupper() for c in value)


def has_digit(value: str) -> bool:
    """Whether at least two digits and two letters occur."""
    digits = sum(c.isdigit() for c in value)
    return digits >= 2 and sum(c.isalpha() for c in value) >= 2


def is_aws_secret(value: str) -> bool:
    """Whether 40 base64 characters look random: all three classes and no path-like run of words."""
    return has_mixed(value) and entropy(value) >= 4.2 and value.count("/") <= 6


CHECKS: dict[str, Callable[[str], bool]] = {
    "jwt": is_jwt,
    "discord": is_discord,
    "mixed": has_mixed,
    "uncounted": lambda value: not is_counted(value),
    "cased": has_case,
    "digit": has_digit,
    "aws_secret": is_aws_secret,
}
"""Checks a rule may name. A checksum that fails does not clear a token: truncated and fixture tokens fail too, and a
false alarm costs less than a leak."""
