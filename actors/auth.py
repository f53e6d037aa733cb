"""AuthFSMActor: the auth table, wired."""

from __future__ import annotations

from actors.machines import auth as table
from actors.machines.auth_words import Auth
from actors.machines.effects import MachineRefused, Woke
from actors.shell import Shell
from messages.auth import AuthCommandDone
from messages.base import Message
from messages.lifecycle import Begin
from messages.status import Party


class AuthFSMActor(Shell):
    """Knows whether somebody is logged in. A new one knows nothing, and the sidecar tells it again."""

    ROLE = "auth"

    def begin(self, begin: Begin) -> None:
        settings = begin.settings
        self.state = Auth(choice=settings.sidecar.auth_mode, login_deadline_ms=settings.limits.login_deadline_ms)

    def on(self, message: Message, sender: Party) -> None:
        self._step(message)

    def woke(self, woke: Woke) -> None:
        self._step(woke)

    def _step(self, heard: Message | Woke) -> None:
        outcome = table.step(self.state, heard)  # type: ignore[arg-type]  # the catalogue lets nothing else through
        if not isinstance(outcome, MachineRefused):
            self.state, effects = outcome
            self.perform(effects)
            return
        self.perform(outcome)
        command_id = getattr(heard, "command_id", None)
        if command_id is not None:
            text = f"not possible while auth is {outcome.phase}"
            done = AuthCommandDone(command_id=command_id, ok=False, state=self.state.phase, text=text)
            self.send_to("facade", done)
