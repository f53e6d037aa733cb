"""The words that everything between a renderer and the facade is made of. Names outside are camelCase: aliases live in
the files of this conversation and nowhere else: this one, `renderer_reads.py` (what is read), `facade.py` (the rest).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from messages.base import Message

CommandId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
Id = Annotated[str, Field(min_length=1, max_length=200)]
Decision = Literal["accept", "acceptForSession", "decline", "cancel"]
ClientRole = Literal["operator", "observer"]
"""What a renderer may do: everything that the policy allows, or only look."""
RefusalCode = Literal[
    "BAD_COMMAND",
    "TOO_LARGE",
    "NOT_ALLOWED",
    "NOT_NOW",
    "TOO_OFTEN",
    "UNKNOWN_ID",
    "AWAY",
    "FAILED",
    "TIMED_OUT",
    "CONFLICT",
]
OUTSIDE = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)


class Command(Message):
    """Base of what a renderer may say. Unknown fields and unknown commands are refused."""

    model_config = OUTSIDE

    command_id: CommandId


class Answer(Message):
    """Base of what goes back to a renderer."""

    model_config = OUTSIDE

    command_id: str


class Event(Message):
    """Base of what a subscriber hears."""

    model_config = OUTSIDE


class Data(Message):
    """Base of what a read gives, and of its parts. Everything in it is redacted already."""

    model_config = OUTSIDE
