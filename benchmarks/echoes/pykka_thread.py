"""Pykka: its actor is a thread of the caller's process. `pykka_thread.py N TEXT` → µs as JSON."""

import json
import sys
import time

import pykka

WARM = 200


class Echo(pykka.ThreadingActor):
    def on_receive(self, message):
        return message


def main(n, text):
    echo = Echo.start()
    try:
        took = []
        for number in range(WARM + n):
            began = time.perf_counter_ns()
            answer = echo.ask(text, timeout=10)
            if number >= WARM:
                took.append((time.perf_counter_ns() - began) / 1e3)
            assert answer == text, answer
    finally:
        pykka.ActorRegistry.stop_all()
    print(json.dumps(took))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
