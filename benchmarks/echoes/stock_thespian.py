"""Stock Thespian, `multiprocTCPBase`. Run by the peers' own interpreter: `stock_thespian.py N TEXT` → µs as JSON.

It listens on every interface and unpickles what comes, so that it is run in a network of its own.
"""

import json
import sys
from datetime import timedelta

from asking import asked
from thespian.actors import Actor, ActorSystem


class Echo(Actor):
    def receiveMessage(self, received, sender):
        if isinstance(received, str):
            self.send(sender, received)


def main(n, text):
    system = ActorSystem("multiprocTCPBase", transientUnique=True)
    try:
        echo = system.createActor(Echo)

        def ask():
            answer = system.ask(echo, text, timedelta(seconds=10))
            assert answer == text, answer

        print(json.dumps(asked(ask, n)))
    finally:
        system.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
