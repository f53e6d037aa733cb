"""Pykka: its actor is a thread of the caller's process. `pykka_thread.py N TEXT` → µs as JSON."""

import json
import sys

import pykka
from asking import asked


class Echo(pykka.ThreadingActor):
    def on_receive(self, message):
        return message


def main(n, text):
    echo = Echo.start()
    try:

        def ask():
            answer = echo.ask(text, timeout=10)
            assert answer == text, answer

        print(json.dumps(asked(ask, n)))
    finally:
        pykka.ActorRegistry.stop_all()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
