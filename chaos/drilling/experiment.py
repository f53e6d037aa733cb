"""Experiments as data: Chaos Toolkit's JSON, restricted to what drills may do.

An experiment names functions of `chaos.drilling.actions` and `chaos.drilling.probes`; another module is refused, so a
file cannot run foreign code. What the format has no word for (how often, which part, how it ends) stands in its
`extensions`, under our name.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

OURS = "hybrid-capture"
EXPERIMENT_BYTES_MAX = 256 * 1024
REPETITIONS_MAX = 10_000
Part = Literal[
    "ingest", "stager", "auth", "sidecar", "facade", "baseline", "codex", "supervisor", "admin", "root", "host",
    "gateway", "store", "config", "login", "stream", "otlp",
]  # fmt: skip


class BadExperiment(Exception):
    """A file is no experiment that a drill may play. The text says where and why."""


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True)


class Provider(_Form):
    """Which function, with which arguments."""

    type: Literal["python"]
    module: Literal["chaos.drilling.actions", "chaos.drilling.probes"]
    func: str = Field(pattern=r"^[a-z][a-z_]{1,40}$")
    arguments: dict[str, str | int | float | bool] = Field(default_factory=dict)


class Pauses(_Form):
    """Seconds before and after an activity."""

    before: float = Field(default=0, ge=0, le=60)
    after: float = Field(default=0, ge=0, le=60)


class Activity(_Form):
    """An action or a probe."""

    type: Literal["action", "probe"]
    name: str = Field(min_length=1, max_length=200)
    provider: Provider
    tolerance: str | int | float | bool | None = None
    pauses: Pauses = Pauses()


class Hypothesis(_Form):
    """What holds before and after."""

    title: str
    probes: tuple[Activity, ...]


class Extension(_Form):
    """What Chaos Toolkit's format has no word for."""

    name: Literal["hybrid-capture"]
    part: Part
    """What the fault is about: its phases are looked up under this name."""
    timing: Literal["patient", "first", "default"] = "patient"
    """What is silent counts as hung as late as it does for a user. `patient`: no crash loop and no waits, for faults
    that are repeated; `first`: each fault is treated like the first of its minute; `default`: as a user has them."""
    ends: Literal["HYBRID_ACTIVE", "crash_loop", "unchanged", "served"] = "HYBRID_ACTIVE"
    """`unchanged`: the mode must not move at all. `served`: requests wait and are answered, which the fault's own
    action measures; whether a listener sees anything in between depends on how fast that is."""
    servers: tuple[Literal["scripted", "real"], ...] = ("scripted", "real")
    fresh: bool = False
    """A new runtime for each repetition."""
    repetitions: int = Field(default=20, ge=1, le=REPETITIONS_MAX)


class Experiment(_Form):
    """One drill."""

    version: Literal["1.0.0"] = "1.0.0"
    title: str = Field(min_length=1, max_length=200)
    description: str = Field(min_length=1, max_length=2_000)
    tags: tuple[str, ...] = ()
    configuration: dict[str, Any] = Field(default_factory=dict)
    steady_state: Hypothesis = Field(alias="steady-state-hypothesis")
    method: tuple[Activity, ...] = Field(min_length=1)
    rollbacks: tuple[Activity, ...] = ()
    extensions: tuple[Extension, ...] = Field(min_length=1, max_length=1)

    @property
    def ours(self) -> Extension:
        return self.extensions[0]

    def document(self) -> dict[str, Any]:
        """As it stands in its file."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"version": self.version}


def parse(content: bytes, where: str) -> Experiment:
    """An experiment from its bytes. Errors: BadExperiment."""
    if len(content) > EXPERIMENT_BYTES_MAX:
        raise BadExperiment(f"{where} is larger than {EXPERIMENT_BYTES_MAX} bytes: that is no experiment")
    try:
        return Experiment.model_validate(orjson.loads(content))
    except orjson.JSONDecodeError:
        raise BadExperiment(f"{where} is not JSON") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise BadExperiment(f"{where}: {place}: {first['msg']}") from None


def packaged() -> dict[str, Experiment]:
    """The drills that come along, by name, in order."""
    return dict(_packaged())


def _packaged() -> Iterator[tuple[str, Experiment]]:
    folder = files("chaos") / "drills"
    for place in sorted(folder.iterdir(), key=lambda each: each.name):
        if place.name.endswith(".json"):
            yield place.name.removesuffix(".json"), parse(place.read_bytes(), place.name)


def find(name: str) -> Experiment:
    """A packaged drill by name, or one from a file. Errors: BadExperiment, which lists what there is."""
    known = packaged()
    if name in known:
        return known[name]
    path = Path(name)
    if path.suffix != ".json":
        raise BadExperiment(f"there is no drill {name}; there are {', '.join(known)}, or give a .json file")
    try:
        with path.open("rb") as file:
            return parse(file.read(EXPERIMENT_BYTES_MAX + 1), path.name)
    except OSError as error:
        raise BadExperiment(f"{path} cannot be read: {error.strerror}") from None
