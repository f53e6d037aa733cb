"""The persisted configuration, `STATE/config.toml`: the one truth about the kill switch, also after a `kill -9`.

Fails closed: a file that is corrupt, cut off, unreadable, a link, or older than it was counts as kill switch on, and
says so. People may edit it; their comments stay. Changes go by compare-and-set on `revision`, so a writer that read an
older state changes nothing. `config.toml.last-good` is the last version that was whole: it is the witness against
which a file that was cut off or put back is seen, and comes back only when somebody asks for it (`restore`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storage.config_keys import CHANGEABLE, FILE_KEYS, BadContent, ConfigKeys, parse
from storage.errors import ConfigConflict, ConfigUnusable
from storage.whole_file import LockBusy, NotPlain, exclusively, read_plain, write_whole

CONFIG_BYTES_MAX = 256 * 1024
LOCK_WAIT_S = 1.0
"""A holder of the lock writes two small files; who waits longer gets an error, since the supervisor may not hang."""
RESTORE = "`hybrid-capture kill-switch restore`"
HEAD = b"# Kept by hybrid-capture; edit it as you like: comments stay, and `revision` counts the changes.\n"


@dataclass(frozen=True, slots=True)
class Config:
    """What the file says now."""

    revision: int = 0
    """Of the content: an edit by hand that nobody counted yet counts as one more than the file says."""
    kill_switch: bool = False
    """True also when `fault` is not empty."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Everything else that the file chooses, by the names of the settings. Empty with a fault."""
    fault: str = ""
    """What is wrong with the file and what to do, as one sentence that names it."""


Mark = tuple[int, ...]


class ConfigFile:
    """The config of one state folder. Any process may have one; `change` locks."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "config.toml"
        self.last_good_path = folder / "config.toml.last-good"
        self._lock_path = folder / "config.lock"

    # Reading.

    def load(self) -> Config:
        """What the file says; a fault when it cannot be trusted. Raises nothing."""
        return self._look()[0]

    def last_good(self) -> Config | None:
        """What `restore` would bring back; None when there is no whole copy."""
        with contextlib.suppress(BadContent):
            keys = _parsed(self.last_good_path)
            return None if keys is None else _config(keys, keys.revision)
        return None

    def mark(self) -> Mark:
        """Changes whenever the file does, at the price of one look at its folder entry."""
        try:
            found = self.path.lstat()
        except OSError as error:
            return (error.errno or 0,)
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_mode

    def _look(self) -> tuple[Config, bytes | None]:
        """The config and the bytes it was made of. The witness is read first: it is never ahead of the file."""
        try:
            good = _content(self.last_good_path)
            content = _content(self.path)
            return self._judge(content, good), content
        except BadContent as bad:
            return self._closed(str(bad)), None

    def _judge(self, content: bytes | None, good: bytes | None) -> Config:
        if content is None:
            if good is not None:
                raise BadContent("is gone, though its last good copy is there")
            return Config()
        keys = parse(content)
        if good is None:
            return _config(keys, max(1, keys.revision))
        if good.startswith(content) and content != good:
            raise BadContent("is cut off: it is only the beginning of its last good copy")
        known = 0
        with contextlib.suppress(BadContent):  # a broken copy is no witness; the file itself is whole
            known = parse(good).revision
        if keys.revision < known:
            raise BadContent(f"has revision {keys.revision}, older than {known} of its last good copy")
        by_hand = keys.revision == known and content != good
        return _config(keys, keys.revision + by_hand)

    def _closed(self, problem: str) -> Config:
        both = f"remove it and {self.last_good_path.name} to start with defaults"
        way = f"put the last good copy back with {RESTORE}" if self.last_good() is not None else both
        return Config(kill_switch=True, fault=f"{self.path} {problem}; mend it, or {way}")

    # Changing.

    def change(self, expected_revision: int | None = None, **values: Any) -> Config:
        """Set these settings if the file still has `expected_revision` (None: whatever it has); durable on return.
        None as a value takes the setting out: its default holds.

        Gives the new state, one revision later. Errors: ConfigConflict when it has another revision; ConfigUnusable
        when the file has a fault, a value does not fit or holds a secret, or the disk does not take it.
        """
        unknown = sorted(set(values) - CHANGEABLE)
        if unknown:
            raise ConfigUnusable(f"there is no setting {unknown[0]} in {self.path.name}", "see docs/reference.md")
        for name, value in values.items():
            if _holds_secret(value):
                raise ConfigUnusable(f"{name} holds a secret", f"secrets do not belong into {self.path.name}")
        with self._alone():
            config, content = self._look()
            if config.fault:
                raise ConfigUnusable(config.fault, "nothing was changed")
            if expected_revision is not None and expected_revision != config.revision:
                raise ConfigConflict(
                    f"{self.path.name} has revision {config.revision} by now, not {expected_revision}",
                    "read it again and decide anew",
                )
            return self._write(content, config.revision + 1, {"kill_switch": config.kill_switch, **values})

    def adopt(self) -> Config:
        """Count an edit by hand as a revision, and make it the last good copy. Gives the state, fault or not.

        Errors: ConfigUnusable when the disk does not take it; what the file says holds all the same.
        """
        config, content = self._look()
        if config.fault or content is None or self._is_copied(content):
            return config
        with self._alone():
            config, content = self._look()
            if config.fault or content is None:
                return config
            if parse(content).revision != config.revision:
                return self._write(content, config.revision, {"kill_switch": config.kill_switch})
            if not self._is_copied(content):
                self._keep_copy(content)
            return config

    def restore(self) -> Config:
        """Put the last good copy in the place of a file with a fault, which is kept as `config.toml.broken`.

        A file without a fault stays. Errors: ConfigUnusable when there is no whole copy, or the disk does not take it.
        """
        with self._alone():
            config, _ = self._look()
            if not config.fault:
                return config
            good = self.last_good()
            if good is None:
                raise ConfigUnusable(f"there is no whole copy of {self.path.name}", "mend it by hand, or remove it")
            content = _content(self.last_good_path)
            assert content is not None, "it was read a moment ago, and the lock is ours"
            with contextlib.suppress(NotPlain):
                broken = read_plain(self.path, CONFIG_BYTES_MAX)
                if broken is not None:
                    write_whole(self.path.with_name("config.toml.broken"), broken)
            write_whole(self.path, content)
            return good

    def _is_copied(self, content: bytes) -> bool:
        with contextlib.suppress(BadContent):
            return _content(self.last_good_path) == content
        return False

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with exclusively(self._lock_path, LOCK_WAIT_S):
                yield
        except LockBusy:
            raise ConfigUnusable(f"another program is changing {self.path}", "try again in a moment") from None
        except OSError as error:
            hint = "see that the state folder can be written and has room"
            raise ConfigUnusable(f"{self.path} cannot be written ({error.strerror})", hint) from None
        except BadContent as bad:
            raise ConfigUnusable(f"{self.path.name} {bad}", "nothing was changed") from None

    def _write(self, content: bytes | None, revision: int, values: Mapping[str, Any]) -> Config:
        text = _edited(content if content is not None else HEAD, revision, values)
        config = _config(parse(text), revision)  # what will be read, or BadContent before anything is touched
        write_whole(self.path, text)
        self._keep_copy(text)
        return config

    def _keep_copy(self, content: bytes) -> None:
        """The change itself is durable already: a disk that is full now costs the witness only, until `adopt`."""
        with contextlib.suppress(OSError):
            write_whole(self.last_good_path, content)


def _content(path: Path) -> bytes | None:
    try:
        return read_plain(path, CONFIG_BYTES_MAX)
    except NotPlain as error:
        raise BadContent(str(error)) from None
    except OSError as error:
        raise BadContent(f"cannot be read ({error.strerror})") from None


def _parsed(path: Path) -> ConfigKeys | None:
    content = _content(path)
    return None if content is None else parse(content)


def _config(keys: ConfigKeys, revision: int) -> Config:
    return Config(revision, bool(keys.codex.kill_switch), keys.settings())


def _holds_secret(value: Any) -> bool:
    """Only text can; loading the rules takes a moment, so numbers and switches do without."""
    if isinstance(value, str):
        from storage.redaction import redact

        return bool(redact(value).text != value)
    if isinstance(value, Mapping):
        return any(_holds_secret(f"{name}={each}") for name, each in value.items())
    if isinstance(value, list | tuple):
        return any(_holds_secret(each) for each in value)
    return False


def _edited(content: bytes, revision: int, values: Mapping[str, Any]) -> bytes:
    """The text with these values in it, and everything else as it stands, comments included."""
    import tomlkit  # 60 ms, which only a change has to pay

    document = tomlkit.parse(content.decode())
    document["revision"] = revision
    for name, value in values.items():
        table, key = FILE_KEYS.get(name, ("", name))
        if table and table not in document:
            document[table] = tomlkit.table()
        place: Any = document[table] if table else document
        if value is None:
            place.pop(key, None)
        else:
            place[key] = list(value) if isinstance(value, tuple) else value
    return tomlkit.dumps(document).encode()
