"""Stock Thespian, `multiprocTCPBase`. Run by the peers' own interpreter: `stock_thespian.py N TEXT` → µs as JSON.

It listens on every interface and unpickles what comes, so that it is run in a network of its own.
"""

import json
import sys
import time
from datetime import timedelta

from thespian.actors import Actor, ActorSystem

WARM = 200


class Echo(Actor):
    def receiveMessage(self, received, sender):
        if isinstance(received, str):
            self.send(sender, received)


def main(n, text):
    system = ActorSystem("multiprocTCPBase", transientUnique=True)
    try:
        echo = system.createActor(Echo)
        took = []
        for number in range(WARM + n):
            began = time.perf_counter_ns()
            answer = system.ask(echo, text, timedelta(seconds=10))
            if number >= WARM:
                took.append((time.perf_counter_ns() - began) / 1e3)
            assert answer == text, answer
    finally:
        system.shutdown()
    print(json.dumps(took))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
