"""A slow machine: at new places of real files, is what a key asks for there in time, and who answers?

    make bench NAME=slow ARGS="MODEL_DIR [--share 0.5]"

The server has one thread at the lowest priority, and runs a share of each tenth of a second. Keys come at a typist's
pace. The first two at a place are not counted. What the machine was found to be is forgotten in the end.
"""

import argparse
import contextlib
import inspect
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from benchmarks.replay import Source
from e2e.raw_client import RawClient

KEY_S, IN_TIME_S = 0.25, 0.6
NUM_KEYS, NUM_UNCOUNTED = 25, 2
PLACES = [(module, where) for where in (0.3, 0.6) for module in (json.decoder, random, threading, argparse, inspect)]
_SLICE_S = 0.1
_LATE = {"late", "unread", "failed", "no-model"}
"""Reasons of an answer that is none."""


@contextlib.contextmanager
def slowed(pid: int, share: float) -> Iterator[None]:
    """The process runs for so much of the time, as long as the block lasts."""
    ended = threading.Event()

    def stop_and_go() -> None:
        while share < 1 and not ended.wait(_SLICE_S * share):
            os.kill(pid, signal.SIGSTOP)
            ended.wait(_SLICE_S * (1 - share))
            os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=stop_and_go)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def type_keys(client: RawClient, module: ModuleType, where: float) -> list[dict[str, Any]]:
    """What came of each key at a new place: its explanation, and its `seconds`."""
    file = Source.of(module, where)
    file.uri = f"file:///{module.__name__}{where}.py"
    client.open(file.uri, file.before + file.after)
    found: list[dict[str, Any]] = []
    for _ in range(NUM_KEYS):
        start = time.perf_counter()
        client.change(file.uri, file.version + 1, file.press(""))
        params = {"textDocument": {"uri": file.uri}, "position": file.cursor, "context": {"triggerKind": 2}}
        msg_id = client.send_request("textDocument/inlineCompletion", params)
        client.wait(msg_id, timeout=120)
        explained = client.result("workspace/executeCommand", {"command": "sotto.explainLast"}, timeout=120)
        found.append(explained[0] | {"seconds": client.received_at[msg_id] - start})
        time.sleep(max(0.0, start + KEY_S - time.perf_counter()))
    return found


def is_in_time(key: dict[str, Any]) -> bool:
    """Whether there was an answer, if only that nothing is to be said, before it was too late."""
    return key["seconds"] <= IN_TIME_S and not _LATE & {reason["code"] for reason in key["reasons"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a model's folder")
    parser.add_argument("--share", type=float, default=0.5, help="of the time in which the server may run")
    parser.add_argument("--no-stand-in", action="store_true", help="the embedded model does not help out")
    options = parser.parse_args()
    command = [sys.executable, "-m", "sotto_lsp", "serve", "--model", options.model]
    settings = {"threads": 1, "warmStart": "off", "shareWeights": False, "standIn": not options.no_stand_in}
    with (
        tempfile.TemporaryDirectory() as cache,
        RawClient.start(command, env=os.environ | {"XDG_CACHE_HOME": cache}) as client,
    ):
        os.setpriority(os.PRIO_PROCESS, client.process.pid, 19)
        with slowed(client.process.pid, options.share):
            client.initialize(initializationOptions=settings, capabilities={"window": {"workDoneProgress": True}})
            client.wait_notification("$/progress", timeout=300, num_before=1)  # the end of loading
            places = [type_keys(client, *place) for place in PLACES]
    counted = [key for keys in places for key in keys[NUM_UNCOUNTED:]]
    milliseconds = [key["seconds"] * 1000 for key in counted]
    percent = statistics.quantiles(milliseconds, n=100)
    print(f"| places, keys counted | {len(places)}, {len(counted)} |")
    print(f"| in time (0.6 s) | {sum(map(is_in_time, counted)) / len(counted):.0%} |")
    print(f"| places with 8 of 10 in time | {sum(map(_is_well_served, places))} |")
    print(f"| key to answer p50, p90, max ms | {percent[49]:.0f}, {percent[89]:.0f}, {max(milliseconds):.0f} |")
    print(f"| shown | {sum(bool(key['shown']) for key in counted)} |")
    for what, names in (
        ("answered by", [key["source"] or "nobody" for key in counted]),
        ("reasons", [reason["code"] for key in counted for reason in key["reasons"]]),
    ):
        print(f"| {what} | {', '.join(f'{name} {num}' for name, num in Counter(names).most_common())} |")


def _is_well_served(keys: list[dict[str, Any]]) -> bool:
    counted = keys[NUM_UNCOUNTED:]
    return sum(map(is_in_time, counted)) >= 0.8 * len(counted)


if __name__ == "__main__":
    main()
