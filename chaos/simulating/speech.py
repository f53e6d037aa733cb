"""What the stand-in of the app-server says: answers, turns in small steps, questions; with upstream's habits.

Shapes and order are those of codex 0.169 as far as our side reads them; `chaos/scripted_*.py` is the whole stand-in,
held to the real program. A turn goes on by itself, a step at a time, so that anything may happen in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chaos.simulating.home import Thread, Turn

if TYPE_CHECKING:
    from chaos.simulating.stand_in import StandIn

STEP_US = (3_000, 60_000)
"""Between two steps of a turn."""
QUESTION = "item/commandExecution/requestApproval"
ENDS = ("completed", "completed", "completed", "failed")


class Speech:
    """The protocol side of one process."""

    def __init__(self, process: StandIn) -> None:
        self.process = process
        self.world = process.world
        self.home = process.world.home
        self.greeted = False
        self.loaded: set[str] = set()
        self.thread: Thread | None = None
        self.turn: Turn | None = None
        self.steps_left = 0
        self.open_item: dict[str, Any] | None = None
        self.questions = 0
        self.waits_for: int | None = None
        self.epoch = 0
        """Numbers the turns, so that a late step of an older one is nothing."""
        self.login_id: str | None = None

    # Requests.

    def requested(self, number: Any, method: str, params: dict[str, Any]) -> None:
        """Answer one request."""
        if method != "initialize" and not self.greeted:
            self._refuse(number, "Not initialized")
            return
        answer = getattr(self, "_" + method.replace("/", "_"), None)
        if answer is None:
            self._refuse(number, "unknown variant")
        else:
            answer(number, params)

    def notified(self, method: str) -> None:
        unasked = self.home.calls_back and not self.home.calls_early
        if method == "initialized" and unasked and self.home.account is not None:
            self.tell_account()

    def _result(self, number: Any, result: Any) -> None:
        self.process.say({"id": number, "result": result})

    def _refuse(self, number: Any, text: str) -> None:
        self.process.say({"error": {"code": -32600, "message": text}, "id": number})

    def _initialize(self, number: Any, _params: dict[str, Any]) -> None:
        if self.greeted:
            self._refuse(number, "Already initialized")
            return
        self.greeted = True
        if self.home.calls_early and self.home.account is not None:
            self.tell_account()
        self._result(number, {"userAgent": "stand-in/0.169.0"})

    def _account_read(self, number: Any, _params: dict[str, Any]) -> None:
        self.world.checks.account_told(self.process, self.home.account)
        self._result(number, self.home.account_json())

    def _account_login_start(self, number: Any, params: dict[str, Any]) -> None:
        self.login_id = self.home.next_id("login")
        answer = {"type": params["type"], "loginId": self.login_id, "authUrl": "https://auth.example/x"}
        self._result(number, answer)
        end = self.home.login_ends
        if end != "never":
            kind = "apiKey" if params["type"] == "apiKey" else "chatgpt"
            self.world.after(self.world.chance.between(50_000, 900_000), self._login_ends, self.login_id, end, kind)

    def _login_ends(self, login_id: str, end: str, kind: str) -> None:
        if self.process.exited or self.login_id != login_id:
            return
        self.login_id = None
        if end == "account":
            self.home.account = kind
        ended = {"loginId": login_id, "success": end != "failed", "error": "denied" if end == "failed" else None}
        self._note("account/login/completed", ended)
        if end == "account":
            self.tell_account()

    def _account_login_cancel(self, number: Any, params: dict[str, Any]) -> None:
        known = params["loginId"] == self.login_id
        self._result(number, {"status": "canceled" if known else "notFound"})
        if known:
            self.login_id = None
            self._note("account/login/completed", {"loginId": params["loginId"], "success": False, "error": "canceled"})

    def _account_logout(self, number: Any, _params: dict[str, Any]) -> None:
        self.home.account = None
        self._result(number, {})
        self.tell_account()

    def tell_account(self) -> None:
        """`account/updated`."""
        mode = "apikey" if self.home.account == "apiKey" else self.home.account
        self._note("account/updated", {"authMode": mode, "planType": "pro" if mode else None})

    def _thread_loaded_list(self, number: Any, _params: dict[str, Any]) -> None:
        self._result(number, {"data": sorted(self.loaded), "nextCursor": None})

    def _thread_list(self, number: Any, params: dict[str, Any]) -> None:
        self._result(number, self.home.list(params, self.loaded))

    def _thread_turns_list(self, number: Any, params: dict[str, Any]) -> None:
        page = self.home.turns(params, self.turn.turn_id if self.turn else None)
        if page is None:
            self._refuse(number, "no turns")
        else:
            self._result(number, page)

    def _thread_start(self, number: Any, _params: dict[str, Any]) -> None:
        thread = self.home.new_thread(self._now_s())
        self.loaded.add(thread.thread_id)
        self._result(number, {"thread": thread.as_json(True)})
        self._note("thread/started", {"thread": thread.as_json(True)})

    def _turn_start(self, number: Any, params: dict[str, Any]) -> None:
        thread = self.home.threads.get(params["threadId"])
        if thread is None or thread.thread_id in self.home.held:
            self._refuse(number, "thread not found")
            return
        if self.turn is not None and self.thread is not None and self.thread is not thread:
            self._refuse(number, "busy")
            return
        if self.turn is None:
            self._begin(thread)
        assert self.turn is not None
        self._result(number, {"turn": {"id": self.turn.turn_id, "items": [], "status": "inProgress", "error": None}})

    def _turn_interrupt(self, number: Any, params: dict[str, Any]) -> None:
        if self.turn is None or self.turn.turn_id != params["turnId"]:
            self._refuse(number, "no such turn")
            return
        self._result(number, {})
        if self.waits_for is not None:
            self._resolved(self.waits_for)
        self._end("interrupted")

    # Turns.

    def _begin(self, thread: Thread) -> None:
        self.loaded.add(thread.thread_id)
        self.thread = thread
        self.turn = Turn(self.home.next_id("tu"), self._now_s())
        thread.turns.append(self.turn)
        thread.updated_at_s = self._now_s()
        self.steps_left = self.world.chance.between(1, 5)
        self.epoch += 1
        turn = {"id": self.turn.turn_id, "items": [], "status": "inProgress", "startedAt": self.turn.started_at_s}
        self._note("turn/started", {"threadId": thread.thread_id, "turn": turn})
        self._next()

    def _next(self) -> None:
        self.world.after(self.world.chance.between(*STEP_US), self._step, self.epoch)

    def _step(self, epoch: int) -> None:
        """One step of the turn: open an item, say a piece of it, finish it, or end the turn."""
        if self.process.exited or self.turn is None or epoch != self.epoch or self.waits_for is not None:
            return
        if self.process.stalled or self.process.full:
            self._next()
            return
        if self.open_item is None:
            if self.steps_left == 0:
                self._end(ENDS[self.world.chance.below(len(ENDS))])
                return
            self._open()
        else:
            self._go_on()
        self._next()

    def _open(self) -> None:
        kind = ("agentMessage", "agentMessage", "commandExecution", "reasoning")[self.world.chance.below(4)]
        self.open_item = {"type": kind, "id": self.home.next_id("it"), "text": "", "fates": 0}
        self.steps_left -= 1
        self._started()
        if kind == "commandExecution" and self.world.chance.one_in(2):
            self._ask()

    def _started(self) -> None:
        assert self.open_item is not None
        item = {"type": self.open_item["type"], "id": self.open_item["id"]}
        self._note("item/started", {**self._place(), "item": item, "startedAtMs": self._now_ms()})

    def _go_on(self) -> None:
        assert self.open_item is not None
        fate = self.world.chance.below(20)
        if fate < 9:
            self._deltas(self.world.chance.between(1, 6))
        elif fate == 9 and self.open_item["fates"] < 2:
            # The provider failed and is tried again: the item starts anew.
            self.open_item["text"] = ""
            self.open_item["fates"] += 1
            error = {**self._place(), "error": {"message": "again"}, "willRetry": True}
            self._note("error", error)
            self._started()
        elif fate == 10:
            self._usage()
        else:
            self._complete()

    def _deltas(self, count: int) -> None:
        assert self.open_item is not None
        kind = self.open_item["type"]
        method = {
            "agentMessage": "item/agentMessage/delta",
            "commandExecution": "item/commandExecution/outputDelta",
            "reasoning": "item/reasoning/textDelta",
        }[kind]
        more = {"contentIndex": 0} if kind == "reasoning" else {}
        size = (60, 60, 60, 60, 400)[self.world.chance.below(5)] if self.world.chance.one_in(12) else 1
        for _ in range(count):
            piece = f"{self.open_item['id']}.{len(self.open_item['text'])} " * size
            self.open_item["text"] += piece
            place = self._place()
            params = {
                "threadId": place["threadId"],
                "turnId": place["turnId"],
                "itemId": self.open_item["id"],
                "delta": piece,
            }
            self._note(method, {**params, **more})

    def _complete(self, status: str = "completed") -> None:
        assert self.open_item is not None
        assert self.turn is not None
        assert self.thread is not None
        kind, text = self.open_item["type"], self.open_item["text"] or f"{self.open_item['id']} has nothing to say"
        item: dict[str, Any] = {"type": kind, "id": self.open_item["id"]}
        if kind == "agentMessage":
            item["text"] = text
        elif kind == "commandExecution":
            item |= {"command": "ls", "aggregatedOutput": text, "status": status}
        else:
            item |= {"summary": [], "content": [text]}
        self.open_item = None
        if status != "declined":  # upstream's history leaves those out (codex 0.169)
            self.turn.items.append(item)
            self.thread.updated_at_s = self._now_s()
        self._note("item/completed", {**self._place(), "item": item, "completedAtMs": self._now_ms()})
        if kind == "agentMessage" and self.world.chance.one_in(12):  # one that comes too late
            late = {**self._place(), "itemId": item["id"], "delta": "late"}
            self._note("item/agentMessage/delta", late)

    def _usage(self) -> None:
        count = self.world.chance.between(1, 90)
        tokens = {
            "totalTokens": count,
            "inputTokens": count,
            "cachedInputTokens": 0,
            "outputTokens": 0,
            "reasoningOutputTokens": 0,
        }
        self._note("thread/tokenUsage/updated", {**self._place(), "tokenUsage": {"last": tokens, "total": tokens}})

    def _end(self, status: str) -> None:
        assert self.turn is not None
        assert self.thread is not None
        self.turn.status, self.turn.completed_at_s = status, self._now_s()
        self.thread.updated_at_s = self._now_s()
        error = {"message": "it failed"} if status == "failed" else None
        if error is not None and self.world.chance.one_in(3):
            error = {"message": "expired", "codexErrorInfo": "unauthorized"}
        turn: dict[str, Any] = {
            "id": self.turn.turn_id,
            "items": [],
            "status": status,
            "error": error,
            "startedAt": self.turn.started_at_s,
            "completedAt": self.turn.completed_at_s,
            "durationMs": None,
        }
        self._note("turn/completed", {"threadId": self.thread.thread_id, "turn": turn})
        self.turn, self.open_item, self.waits_for = None, None, None
        self.epoch += 1

    # Questions.

    def _ask(self) -> None:
        assert self.open_item is not None
        number = self.questions
        self.questions += 1
        self.waits_for = number
        self.ask(number, QUESTION, {**self._place(), "itemId": self.open_item["id"], "command": "ls"})

    def ask(self, number: Any, method: str, params: dict[str, Any]) -> None:
        """One request of its own."""
        self.process.asked[number] = method
        self.process.asks[number] += 1
        self.process.say({"method": method, "id": number, "params": params})

    def decided(self, number: Any, message: dict[str, Any]) -> None:
        """An answer came."""
        if number != self.waits_for:
            return
        decision = (message.get("result") or {}).get("decision")
        self._resolved(number)
        if self.open_item is None or self.turn is None:
            return
        if decision == "cancel":
            self._end("interrupted")
            return
        if decision not in ("accept", "acceptForSession"):
            self._complete("declined")
        self._next()

    def _resolved(self, number: Any) -> None:
        self.waits_for = None
        self.process.withdrawn.add(number)
        assert self.thread is not None
        self._note("serverRequest/resolved", {"threadId": self.thread.thread_id, "requestId": number})

    # The rest.

    def over(self) -> None:
        """The process is gone; its turn never ends."""
        self.turn = self.open_item = None
        self.epoch += 1

    def _place(self) -> dict[str, str]:
        assert self.thread is not None
        assert self.turn is not None
        return {"threadId": self.thread.thread_id, "turnId": self.turn.turn_id}

    def _note(self, method: str, params: dict[str, Any]) -> None:
        self.process.say({"method": method, "params": params, "emittedAtMs": self._now_ms()})

    def _now_ms(self) -> int:
        return self.world.clock.now().wall

    def _now_s(self) -> int:
        return self._now_ms() // 1000
