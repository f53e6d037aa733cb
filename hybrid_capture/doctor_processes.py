"""What `doctor` finds among processes and sockets: leftovers of earlier runs, and listeners that strangers can reach.

What belongs to a state folder is known from `actors/leftovers.py`.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from actors.leftovers import ROOT_MODULE, Found, ScanFailed, belonging, end, told
from hybrid_capture.doctor import Check
from hybrid_capture.statefolder import NotRunning, Whereabouts, find_runtime

CONNECT_S = 0.5


def leftovers(folder: Path) -> Iterator[Check]:
    """Files and sockets that no living runtime owns."""
    owner = _owner(folder)
    left: list[Path] = []
    if owner is None:
        # runtime.lock stays by design: the lock is held on it, not by its existence.
        left = [place for place in (folder / "runtime.json", folder / "sockets") if place.exists()]
        left += [place for place in _short_folders() if not _answers(place / "control.sock")]
    if left:
        text = f"left by a runtime that was killed: {', '.join(map(str, left))}"
        inside = [place for place in left if place.parent == folder]
        hint = "the next `hybrid-capture run` here removes it" if left == inside else "remove what is outside by hand"
        yield Check("leftovers", "note", text, hint)
    else:
        yield Check("leftovers", "ok", "no file or socket is left over")
    if owner is not None and os.path.isabs(owner.address) and not _answers(Path(owner.address)):
        hint = f"`hybrid-capture stop`, or end pid {owner.pid}, and start it again"
        yield Check("control socket", "wrong", f"the runtime (pid {owner.pid}) does not take connections", hint)


def _owner(folder: Path) -> Whereabouts | None:
    try:
        return find_runtime(folder)
    except NotRunning:
        return None


def _short_folders() -> list[Path]:
    """Socket folders beside a state folder whose path was too long for sockets; ours alone."""
    found = []
    for place in Path(tempfile.gettempdir()).glob("hc-*/control.sock"):
        try:
            ours = place.lstat().st_uid == os.getuid() and stat.S_ISSOCK(place.lstat().st_mode)
        except OSError:
            continue
        if ours:
            found.append(place.parent)
    return found


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(CONNECT_S)
        try:
            link.connect(str(path))
        except OSError:
            return False
    return True


def processes(folder: Path, reap: bool = False) -> Iterator[Check]:
    """Processes of an earlier run that outlived it, an app-server that holds its threads' writer locks among them;
    with `reap` they are ended. What belongs to a living runtime is never touched."""
    owner = _owner(folder)
    try:
        living = {each.pid for each in tree_of(owner)} if owner else set()
        found = leftovers_of(folder)
    except (ScanFailed, psutil.Error, OSError) as error:
        yield Check("processes", "wrong", f"the scan for left-over processes failed: {error}", "run doctor as the user")
        return
    strays = [each for each in found.processes if each.pid not in living]
    if strays and reap:
        names = told(strays)
        left = end(strays)
        if left:
            yield Check("processes", "wrong", f"could not be ended: {told(left)}", "end them as their user")
        else:
            yield Check("processes", "ok", f"ended what an earlier run left: {names}")
    elif strays:
        yield Check(
            "processes", "wrong", f"left over from an earlier run: {told(strays)}", "hybrid-capture doctor --reap"
        )
    else:
        yield Check("processes", "ok", "none is left over from an earlier run")
    if found.hidden:
        text = f"{found.hidden} processes of this user hide their environment: they were judged by the register alone"
        yield Check("hidden processes", "note", text)


def leftovers_of(folder: Path) -> Found:
    """What belongs to the state folder, living runtime included. Errors: ScanFailed."""
    return belonging(str(folder.absolute()))


def tree_of(owner: Whereabouts) -> list[psutil.Process]:
    """The living runtime's root and everything below it. The host itself is not ours to judge."""
    host = psutil.Process(owner.pid)
    roots = [each for each in host.children() if ROOT_MODULE in each.cmdline()]
    return [*roots, *(below for root in roots for below in root.children(recursive=True))]


def _open_places(process: psutil.Process) -> list[str]:
    """Where it can be reached from other machines; nowhere, when it has ended since it was found."""
    try:
        connections = process.net_connections(kind="inet")
    except psutil.NoSuchProcess:
        return []
    return [
        f"{each.laddr.ip}:{each.laddr.port} (pid {process.pid})"
        for each in connections
        if each.status == psutil.CONN_LISTEN and not ipaddress.ip_address(each.laddr.ip).is_loopback
    ]


def listeners(folder: Path) -> Iterator[Check]:
    """Nothing of ours may be reached from another machine."""
    owner = _owner(folder)
    if owner is None:
        yield Check("listeners", "ok", "no runtime is running here, so nothing listens")
        return
    try:
        reachable = [place for process in tree_of(owner) for place in _open_places(process)]
    except (psutil.Error, OSError) as error:
        yield Check("listeners", "wrong", f"the scan for listeners failed: {error}", "run doctor as the runtime's user")
        return
    if reachable:
        hint = "stop the runtime and report this"
        yield Check("listeners", "wrong", f"reachable from other machines: {', '.join(reachable)}", hint)
    else:
        yield Check("listeners", "ok", "no process of the runtime listens beyond this machine")
