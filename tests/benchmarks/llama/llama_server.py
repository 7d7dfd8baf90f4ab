"""llama.cpp's `llama-server`, with the settings that llama.vim sends."""

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

PREFIX_LINES, SUFFIX_LINES = 256, 64
"""Lines around the cursor that llama.vim sends."""


@dataclass(frozen=True)
class Infill:
    """One answer."""

    text: str
    num_prompt_tokens: int
    num_computed_tokens: int
    num_new_tokens: int


class LlamaServer:
    """A running server with one slot; context manager."""

    def __init__(self, command: Sequence[str | Path], log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._url = f"http://127.0.0.1:{port}"
        self._log = log
        with log.open("w", encoding="utf-8") as stream:
            self.process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(port)], stdout=stream, stderr=stream
            )

    @classmethod
    def start(cls, program: Path, model: Path, num_threads: int, log: Path) -> Self:
        """As llama.vim's instructions start it for a small model on a CPU; returns once it can answer."""
        threads = ["--threads", str(num_threads), "--threads-batch", str(num_threads)]
        batch = ["--batch-size", "1024", "--ubatch-size", "1024", "--ctx-size", "2048", "--parallel", "1"]
        server = cls([program, "--model", model, *threads, *batch, "--cache-reuse", "256"], log)
        deadline = time.monotonic() + 120
        while not server._is_ready():
            if server.process.poll() is not None or time.monotonic() > deadline:
                server.process.kill()
                raise SystemExit(f"llama-server did not start; see {log}.")
            time.sleep(0.1)
        return server

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)

    @property
    def cpu_seconds(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def infill(self, before: str, after: str, num_tokens: int) -> Infill:
        """What belongs between the two texts, at most `num_tokens` of it."""
        *above, line = before.split("\n")
        rest = after.split("\n")
        answer = self._post(
            "/infill",
            {
                "input_prefix": "".join(f"{each}\n" for each in above[-PREFIX_LINES:]),
                "prompt": line,
                "input_suffix": "\n".join(rest[: SUFFIX_LINES + 1]) + "\n",
                "input_extra": [],
                "n_predict": num_tokens,
                "n_indent": len(line) - len(line.lstrip()),
                "top_k": 40,
                "top_p": 0.9,
                "samplers": ["top_k", "top_p", "infill"],
                "stream": False,
                "cache_prompt": True,
                "t_max_prompt_ms": 500,
                "t_max_predict_ms": 1000,
            },
        )
        timings = answer["timings"]
        return Infill(
            answer["content"],
            timings["prompt_n"] + timings.get("cache_n", 0),
            timings["prompt_n"],
            timings["predicted_n"],
        )

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/health", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            self._url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as response:
            return json.load(response)
