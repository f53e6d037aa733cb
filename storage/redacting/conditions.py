"""What a rule may ask of a value beyond its form: the checks a row names.

Two kinds. A *format check* (`validators.CHECKS`) asks whether a vendor could have issued the value. A *judgement*,
here, asks what stands in a place that grammar made telling: still a secret, or a variable, an example, a word?
"""

from __future__ import annotations

import re
from collections.abc import Callable

from storage.redacting.validators import digits_in
from storage.redacting.values import BARE, QUOTED, is_secret, is_standin, is_wordy, looks_random
from storage.redacting.words import PASSWORD, TOKEN

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"[0-9a-fA-F]+")
_ALGORITHM = re.compile(
    r"(?:HS|RS|ES|PS)(?:256|384|512)|EdDSA|none|aes-[\w-]+|sha\d+|base64|hex|utf-?8|ascii|latin-?1", re.I
)
_NAME = re.compile(r"[A-Za-z_$][\w$]*(?:[.:/-][A-Za-z_$][\w$]*)*[,.;:!?]?")
_PLACE = re.compile(r"\w+://|[\w.-]*/[\w./-]*$|[\w.+-]+@[\w-]+\.|--?[A-Za-z]|[\w.-]+\.[a-z]{1,4}[:)]?\d*$")


def _bare_end(value: str) -> str:
    return value.rstrip(",;)")


def plain(value: str) -> bool:
    """A password in a place only a password can stand: a grammar that places one needs no quotes to be believed."""
    return is_secret(_bare_end(value), PASSWORD, QUOTED)


def bare(value: str) -> bool:
    """As `plain`, in a place where other things may stand, too."""
    return is_secret(_bare_end(value), PASSWORD, BARE)


def strong(value: str) -> bool:
    """As `plain`, and no word: with a digit, or a sign no word has, or letters in no word's order."""
    value = _bare_end(value)
    return (
        is_secret(value, PASSWORD, QUOTED)
        and (any(c.isdigit() or (not c.isalnum() and c not in "._-/:@") for c in value) or looks_random(value))
        and _NUMBERED.fullmatch(value) is None
    )


_NUMBERED = re.compile(r"[A-Za-z]?[a-z]+[-_]?\d{1,3}|\d+")


def random(value: str) -> bool:
    """Machine-made, and long."""
    return is_secret(value, TOKEN, QUOTED) and looks_random(value)


def machine(value: str) -> bool:
    """Machine-made: random, or a UUID."""
    value = _bare_end(value).rstrip(".")
    return not is_standin(value) and (_UUID.fullmatch(value) is not None or looks_random(value))


def tokenish(value: str) -> bool:
    """Random enough to be told from a user's name."""
    return not is_standin(value) and not is_wordy(value) and looks_random(value)


def signing(value: str) -> bool:
    """A literal that signs or encrypts: not the algorithm's name, not a word."""
    if _ALGORITHM.fullmatch(value) or " " in value:
        return False
    return is_secret(value, PASSWORD, QUOTED) and (looks_random(value) or (digits_in(value) > 0 and strong(value)))


def sentence(value: str) -> bool:
    """A token in running text: upper and lower case and digits mixed, no identifier, hash, path or file."""
    if not digits_in(value):
        return False
    value = value.rstrip(".=-/")
    if len(value) < 20 or _UUID.fullmatch(value) or _HEX.fullmatch(value) or is_standin(value) or is_wordy(value):
        return False
    mixed = any(c.islower() for c in value) and any(c.isupper() for c in value) and digits_in(value) > 0
    return mixed and looks_random(value) and value.count("/") < 2 and "==" not in value


def spoken(value: str) -> bool:
    """A password in running text: letters and digits with a sign, or in no word's order."""
    if not digits_in(value):
        return False
    value = value.rstrip(".,;:!?") if value[-1:] in ".,;:" else value
    if len(value) < 8 or (_NAME.fullmatch(value) and not looks_random(value)) or _PLACE.match(value):
        return False
    letters = sum(c.isalpha() for c in value)
    signs = any(not c.isalnum() and c not in "._-/:+%," for c in value)
    return letters > 2 and (signs or looks_random(value)) and is_secret(value, PASSWORD, BARE)


def code(value: str) -> bool:
    """A recovery code: digits among the letters, and none of the parts a word."""
    return digits_in(value) >= 2 and any(c.isalpha() for c in value) and not is_wordy(value)


JUDGEMENTS: dict[str, Callable[[str], bool]] = {
    "plain": plain,
    "bare": bare,
    "strong": strong,
    "random": random,
    "machine": machine,
    "tokenish": tokenish,
    "signing": signing,
    "sentence": sentence,
    "spoken": spoken,
    "code": code,
}
"""By the name a row gives in `check`."""
