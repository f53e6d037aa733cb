"""Who else has files in packages that bear our names."""

from __future__ import annotations

from pathlib import Path

from hybrid_capture import neighbours


def install(site: Path, name: str, *files: str) -> None:
    """What an installer leaves of a distribution: its files, and a record of them."""
    for file in files:
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).touch()
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def test_nobody_else_has_files_in_our_packages_here() -> None:
    assert neighbours.in_the_way() == ""
    own = neighbours.place_of("hybrid_capture")
    assert own is not None
    assert neighbours.mixed(own) == ""


def test_a_distribution_that_wrote_into_our_packages_is_named(tmp_path: Path) -> None:
    install(tmp_path, "hybrid-capture", "messages/__init__.py", "storage/__init__.py")
    install(tmp_path, "peaceful", "peaceful/messages/__init__.py")
    assert neighbours.mixed(tmp_path) == ""
    install(tmp_path, "message-kit", "storage/cache.py", "messages/__init__.py")
    assert neighbours.mixed(tmp_path) == f"not ours alone: message-kit in messages, storage (in {tmp_path})"


def test_a_package_comes_from_the_folder_it_is_imported_from() -> None:
    assert neighbours.place_of("hybrid_capture") == Path(neighbours.__file__).resolve().parent.parent
