"""What of a renderer's words is said again, in answers and in the audit: names that are ours and ids of a fixed form,
never what somebody wrote."""

from __future__ import annotations

import re

from pydantic import ValidationError

from messages import facade as say

_ID_WITHIN = 4_096
"""An id is looked for in so many bytes of what could not be parsed."""
_COMMAND_ID = re.compile(rb'"commandId"\s*:\s*"([A-Za-z0-9._:-]{1,64})"')


def name_of(command: say.Command) -> str:
    """The command as a renderer names it."""
    return str(type(command).model_fields["command"].default)


def wish_of(command: say.Command) -> str:
    """A command for the audit; nothing that somebody wrote is in it."""
    if isinstance(command, say.UpdateIngestConfig):
        return f"{name_of(command)} {', '.join(sorted(command.changes.model_fields_set))}"
    on = getattr(command, "on", None)
    return name_of(command) if on is None else f"{name_of(command)} {'on' if on else 'off'}"


def places_of(error: ValidationError) -> list[str]:
    """Which fields do not fit. The name of a field that we do not have is the sender's, and is not repeated."""
    found = set()
    for each in error.errors(include_input=False, include_url=False):
        unknown = each["type"] == "extra_forbidden"
        found.add("an unknown field" if unknown else ".".join(map(str, each["loc"])))
    return sorted(filter(None, found))


def command_id_of(body: bytes) -> str:
    """The id of a command that was not parsed, if it has a usable one near its beginning: its sender waits for it."""
    found = _COMMAND_ID.search(body[:_ID_WITHIN])
    return found.group(1).decode() if found else ""
