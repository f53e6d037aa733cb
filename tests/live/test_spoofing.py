"""Everything that can be said, said by somebody who may not, by every way there is: refused, noted, nothing changed.

Classes are those of the catalogue and of the renderers' conversation as they are loaded, addresses those of the running
tree: what is added is tried without anybody thinking of it. The list of what was tried is kept as
`build/refused-routes.json`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import pickle
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from actors.envelope import pack
from actors.machines.policy import POLICY
from actors.transport.seal import DATA_BYTES_MAX, EPOCH_BYTES, KEY_BYTES, TOKEN_BYTES, Kind, Sealer
from hybrid_capture.link import Lines, line_of
from hybrid_capture.statefolder import connect as to_desk
from hybrid_capture.statefolder import find_runtime
from messages import facade as say
from messages.base import Message
from messages.catalog import CATALOG
from tests.live.house import PATIENCE_S, House
from tests.messages.made import SECRET, with_secrets
from tests.unhurried import unhurried

pytestmark = pytest.mark.live
Build = Callable[..., House]
REPORT = Path(__file__).parents[2] / "build" / "refused-routes.json"
CLASSES = [kind for _, kind in sorted(Message.REGISTRY.items()) if not issubclass(kind, say.Command)]
"""Every message but the commands, which are a renderer's to say: an observer tries those that change something."""
COMMANDS = {kind.model_fields["command"].default: kind for kind in POLICY}
CHANGING = sorted(name for name, kind in COMMANDS.items() if POLICY[kind].role == "operator")
MOVING = {"audit", "traces", "meta", "ledger", "offsets"}
"""Tables that change by themselves: notes of refusals, the history of messages, the time of the last probe, how many
answers to signs of life there were (`control`)."""


def standing(house: House) -> dict[str, Any]:
    """Everything that a lie could change: status, ledger, config, and every row of what was captured."""
    status = house.runtime.status()
    for moving in ("at_ms", "revision"):
        status.pop(moving)
    status.pop("ledger")
    status["dispositions"] = {
        name: count for name, count in house.ledger()["dispositions"].items() if name != "control"
    }
    with sqlite3.connect(f"file:{house.database}?mode=ro", uri=True) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {
            name: hashlib.sha256(repr(connection.execute(f'SELECT * FROM "{name}"').fetchall()).encode()).hexdigest()
            for name in tables
            if name not in MOVING and "search" not in name
        }
    config = house.runtime.state_dir / "config.toml"
    return {"status": status, "rows": rows, "config": config.read_bytes() if config.exists() else None}


def bodies(kind: type[Message]) -> list[str]:
    """A message as somebody would try to say it over a renderer's connection."""
    name = kind.__name__
    fields = json.loads(with_secrets(kind).model_dump_json())
    return [
        json.dumps({"commandId": f"{name}-1", "command": name, **fields}),
        json.dumps({"commandId": f"{name}-2", **fields, "command": name[0].lower() + name[1:]})
        if name[0].lower() + name[1:] not in COMMANDS
        else json.dumps({"kind": name, "message": fields}),
        json.dumps(fields),
    ]


class Tried:
    """What was tried and how it was refused."""

    def __init__(self) -> None:
        self.routes: dict[str, Counter[str]] = {}

    def refused(self, route: str, how: str) -> None:
        self.routes.setdefault(route, Counter())[how] += 1

    def keep(self) -> None:
        REPORT.parent.mkdir(exist_ok=True)
        told = {route: dict(sorted(how.items())) for route, how in sorted(self.routes.items())}
        told = {"classes": len(CLASSES), "in the catalogue": len(CATALOG), **told}  # type: ignore[dict-item]  # counts
        REPORT.write_text(json.dumps(told, indent=1) + "\n")
        for route, how in told.items():
            print(f"{route}: {how}")


class Stranger:
    """Somebody at the desk, line by line."""

    def __init__(self, house: House, **hello: Any) -> None:
        here = find_runtime(house.runtime.state_dir)
        self.link = to_desk(here, PATIENCE_S)
        self.lines = Lines()
        self.link.sendall(line_of("hello", **{"token": here.token, **hello}))

    def answer(self, body: str) -> dict[str, Any]:
        self.link.sendall(line_of("say", body=body))
        while True:
            for told in self.lines.feed(self.link.recv(65_536)):
                said = json.loads(told["body"])
                if "answer" in said:
                    return said  # type: ignore[no-any-return]  # an object


def over_the_desk(house: House, tried: Tried) -> None:
    operator, observer = Stranger(house), Stranger(house, role="observer")
    for kind in CLASSES:
        for body in bodies(kind):
            answer = operator.answer(body)
            assert (answer["answer"], answer["code"]) == ("refused", "BAD_COMMAND"), (kind, answer)
            tried.refused("a message class as a command, over the desk", answer["code"])
        # The link's own words: only the host's connection may say them.
        operator.link.sendall(line_of(kind.__name__, body="{}") + line_of("stop", reason="spoofed") + line_of("start"))
        tried.refused("a message class, stop and start as a word of the link", "ignored")
    for name in CHANGING:
        answer = observer.answer(json.dumps(changing(name)))
        assert answer["code"] == "NOT_ALLOWED", (name, answer)
        tried.refused("a changing command by an observer, over the desk", answer["code"])
    operator.link.close()
    observer.link.close()


def changing(name: str) -> dict[str, Any]:
    """A valid body of this command."""
    fields: dict[str, Any] = {
        "startTurn": {"threadId": "t", "text": "x"},
        "interruptTurn": {"threadId": "t", "turnId": "u"},
        "submitApproval": {"token": "x", "decision": "accept"},
        "setStreamKillSwitch": {"on": True},
        "codexAppServerRequestThreadSnapshot": {"threadId": "t"},
        "updateIngestConfig": {"changes": {"links": False}, "expectedRevision": 0},
    }
    return {"command": name, "commandId": f"spoof-{name}", **fields.get(name, {})}


async def over_the_socket(house: House, tried: Tried) -> None:
    port = house.runtime.addresses["otlp"].rpartition(":")[2]
    token = (house.runtime.state_dir / "panel.token").read_text().strip()
    here = find_runtime(house.runtime.state_dir)

    async def opened(**hello: Any) -> Any:
        socket_ = await connect(f"ws://127.0.0.1:{port}/ws", proxy=None, open_timeout=PATIENCE_S)
        await socket_.send(json.dumps({"op": "hello", **hello}))
        return socket_

    async def code_of(socket_: Any) -> int:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    await socket_.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd is not None else 1006

    async def answer(socket_: Any, body: str) -> dict[str, Any]:
        await socket_.send(body)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                told = json.loads(await socket_.recv()).get("body", {})
                if "answer" in told:
                    return told  # type: ignore[no-any-return]  # an object

    operator = await opened(token=token)
    welcome = json.loads(await operator.recv())
    observer = await opened(token=token, role="observer")
    looks = json.loads(await observer.recv())
    for kind in CLASSES:
        for body in bodies(kind):
            told = await answer(operator, body)
            assert (told["answer"], told["code"]) == ("refused", "BAD_COMMAND"), (kind, told)
            tried.refused("a message class as a command, over /ws", told["code"])
    for name in CHANGING:
        told = await answer(observer, json.dumps(changing(name)))
        assert told["code"] == "NOT_ALLOWED", (name, told)
        tried.refused("a changing command by an observer, over /ws", told["code"])
    for kind in CLASSES[::8]:  # each costs a connection, and the word is not looked at
        closed = await code_of(await opened_with(opened, token, kind.__name__))
        assert closed == 4400
        tried.refused("a message class as a word of the socket", str(closed))
    once = house.runtime.panel_address(timeout_s=PATIENCE_S).partition("#once=")[2]
    used = await opened(once=once)
    assert json.loads(await used.recv())["op"] == "welcome"
    forged = {
        "a one-time code that was used": {"once": once},
        "the desk's token at the socket": {"token": here.token},
        "the OTLP token at the socket": {"token": (house.runtime.state_dir / "otlp.token").read_text().strip()},
        "an observer's token made an operator's": {"token": looks["token"].replace("observer", "operator")},
        "a session's token with another session in it": {
            "token": f"s.operator.{looks['session']}.{welcome['token'].rpartition('.')[2]}"
        },
        "no token": {},
    }
    for route, hello in forged.items():
        closed = await code_of(await opened(**hello))
        assert closed == 4401, (route, closed)
        tried.refused(route, str(closed))
    # An observer's own token stays an observer's, whatever role is asked for.
    back = await opened(token=looks["token"], role="operator", session=looks["session"], after=0)
    assert json.loads(await back.recv())["role"] == "observer"
    tried.refused("an observer's token that asks for more", "observer")
    for each in (operator, observer, used, back):
        await each.close()


async def opened_with(opened: Any, token: str, word: str) -> Any:
    socket_ = await opened(token=token)
    await socket_.recv()
    await socket_.send(json.dumps({"op": word}))
    return socket_


def sockets_of(house: House) -> list[Path]:
    """Every address of the tree: root, admin, logger, supervisor and the leaves."""
    folder = Path(find_runtime(house.runtime.state_dir).address).parent
    return sorted(path for path in folder.glob("tree*/*") if path.is_socket())


def _datagrams() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)


def raw_datagrams(house: House, tried: Tried) -> int:
    """Each class to each address: as a pickled envelope, and in a frame sealed with a key of our own."""
    addresses, count = sockets_of(house), 0
    assert len(addresses) >= 9
    with _datagrams() as intruder:
        intruder.settimeout(PATIENCE_S)
        for path in addresses:
            sender = bytes.fromhex(addresses[0].name) if len(addresses[0].name) == 2 * TOKEN_BYTES else os.urandom(8)
            forger = Sealer(os.urandom(KEY_BYTES), sender, os.urandom(EPOCH_BYTES), time.monotonic_ns)
            for kind in CLASSES:
                letter = pickle.dumps(pack(with_secrets(kind), "forged", 0))[:DATA_BYTES_MAX]
                destination = os.urandom(TOKEN_BYTES)
                number = forger.next_message()
                sealed = forger.seal(Kind.DATA, destination, number, 0, len(letter), letter) + letter
                for frame in (letter, sealed):
                    intruder.sendto(frame[:120_000], str(path))
                    count += 1
                tried.refused("a message class in a raw datagram, to every actor", "unsealed")
                tried.refused("a message class sealed with another key and a forged sender, to every actor", "bad seal")
    return count


def replayed_datagrams(house: House, tried: Tried) -> int:
    """Real frames, taken on their way, passed on once as they should be, and then five times more."""
    count = 0
    for path in sockets_of(house):
        aside = path.with_name(f"{path.name}.aside")
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as tap,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out,
        ):
            try:
                path.rename(aside)
                tap.bind(str(path))
                tap.settimeout(1.5)
                frames = [tap.recv(200_000)]
                tap.settimeout(0)
                while True:
                    with contextlib.suppress(BlockingIOError):
                        frames.append(tap.recv(200_000))
                        continue
                    break
            except (OSError, TimeoutError):
                continue  # nobody speaks to this one now, or it was looked after in this moment
            finally:
                if aside.exists():
                    aside.rename(path)
            out.settimeout(5)
            for frame in frames * 6:
                out.sendto(frame, str(path))
            count += 5 * len(frames)
            tried.refused("a real sealed datagram, replayed", "replay")
    return count


@pytest.fixture
def house(build: Build) -> Iterator[House]:
    """One in which nothing happens by itself for a while: no look into the app-server's history, and nobody is late."""
    timing = unhurried(
        catchup_interval_ms=600_000, ping_deadline_ms=60_000, liveness_deadline_ms=60_000, settle_deadline_ms=60_000,
        probe_deadline_ms=60_000,
    )  # fmt: skip
    with build(timing=timing) as running:
        running.active()
        running.until_rows("SELECT 1 FROM audit WHERE kind = 'caught_up'", bool)
        yield running


def test_nothing_that_a_stranger_says_by_any_way_changes_anything(house: House) -> None:
    tried = Tried()
    assert house.turn(house.thread(), "SCN:plain hello")["status"] == "completed"
    # The turn's trace comes to the store by a way of its own.
    house.until_rows("SELECT 1 FROM turns WHERE trace_id IS NOT NULL", bool)
    house.active()
    before = standing(house)

    over_the_desk(house, tried)
    asyncio.run(over_the_socket(house, tried))
    sent = raw_datagrams(house, tried)
    listening = set()
    for process in psutil.Process(house.runtime.pids["root"]).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # one that looked at git may end meanwhile
            opened = process.net_connections("inet")
            listening |= {each.laddr.port for each in opened if each.status == psutil.CONN_LISTEN}
    assert listening == {int(house.runtime.addresses["otlp"].rpartition(":")[2])}, "no actor listens on TCP"
    tried.refused("TCP to an actor", "nobody listens")

    after = standing(house)
    if after["rows"]["transitions"] != before["rows"]["transitions"]:
        print(house.rows("SELECT * FROM transitions ORDER BY id DESC LIMIT 12"))
    assert {name: value for name, value in after["rows"].items() if value != before["rows"].get(name)} == {}
    assert {name: value for name, value in after["status"].items() if value != before["status"][name]} == {}
    assert after == before

    # Whoever takes a datagram away can keep it away, too: a status may show that, and no row may.
    replayed = replayed_datagrams(house, tried)
    house.active()
    kept = {name: rows for name, rows in standing(house)["rows"].items() if name != "transitions"}
    assert kept == {name: rows for name, rows in before["rows"].items() if name != "transitions"}
    query = (
        "SELECT kind, subject, text FROM audit WHERE kind IN ('command_refused','renderer_refused','transport_reject')"
    )
    noted = house.until_rows(query, lambda rows: {row[0] for row in rows} == NOTED and len(rejecting(rows)) >= 6)
    assert SECRET not in repr(noted)
    assert sent >= 9 * len(CLASSES)
    assert replayed >= 5, "at least one address was spoken to"
    assert house.turn(house.thread(), "SCN:plain still here")["status"] == "completed"
    assert house.ledger()["balanced"]
    tried.keep()


NOTED = {"command_refused", "renderer_refused", "transport_reject"}


def rejecting(rows: list[tuple[Any, ...]]) -> set[str]:
    """Who has noted rejects of the transport."""
    return {subject for kind, subject, _ in rows if kind == "transport_reject"}
