"""Values their vendors have printed for everybody: keys of documentation, emulators and sample projects.

They open nothing, and people paste them as what they are. Kept as digests, so that no scanner stumbles over this file.
"""

from __future__ import annotations

import hashlib

DIGEST_CHARS = 16
_PUBLISHED = frozenset(
    (
        # AWS documentation: the key pairs that end in EXAMPLE
        *("1a5d44a2dca19669", "78314b11be2e5815", "c6ea27c534f993d3", "e21b597ba6b9cafa"),
        # Stripe documentation: the two test keys every sample uses
        *("2cafc0970149a84f", "f2d6ca16515033e5"),
        # Azure storage emulator and Cosmos DB emulator: fixed account keys
        *("0011cc25eb432071", "aa6547439583c3a2"),
        # Telegram bot API documentation
        "0b5dd075ccdd03c4",
        # NuGet reference, section packageSourceCredentials
        *("dba72c00f41f4e4c", "a0702bc91d699f60"),
        # Firebase Android SDK: keys of its test projects
        *("f56e323494a6ffc2", "2037abcaffb2b777", "3f370c9dd8225c63", "e4a5542bb7fd7b67", "a19f89ab3555eac1"),
        *("0b476bdf9acf2123", "eb540d2b6ee2a0a4", "37f8f09bdf12c2f2", "8731261cb72d8626", "49f777db995e8260"),
        *("27a9a42931dff7eb", "dc0fcf046c61640c", "4c98242dcadc8b29", "ea9bb1082cf95663", "3a8b61d0f636b007"),
        "a6c814bc555ae62c",
    )
)
"""First characters of SHA-256, in hex, of each published value."""


def is_published(value: str) -> bool:
    """Whether this very value stands in a vendor's public documentation or sample code."""
    if len(value) > 128:
        return False
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()[:DIGEST_CHARS] in _PUBLISHED
