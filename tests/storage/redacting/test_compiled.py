"""One scanner per engine and process."""

from storage.redacting.compiled import scanner


def test_the_same_scanner_is_handed_out():
    assert scanner() is scanner()
    assert scanner("re2").engine == "re2"
