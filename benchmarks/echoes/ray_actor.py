"""Ray: its actor is a process, and a local cluster of its own is started for it. `ray_actor.py N TEXT` → µs as JSON.

Its servers listen on every interface, so that it is run in a network of its own.
"""

import json
import os
import sys

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when it is imported

import ray
from asking import asked


@ray.remote
class Echo:
    def say(self, text):
        return text


def main(n, text):
    ray.init(
        address="local", num_cpus=1, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1",
        object_store_memory=100_000_000,
    )  # fmt: skip
    try:
        echo = Echo.remote()

        def ask():
            answer = ray.get(echo.say.remote(text), timeout=60)
            assert answer == text, answer

        print(json.dumps(asked(ask, n)))
    finally:
        ray.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
