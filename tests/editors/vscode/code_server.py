"""CodeServer: VS Code with the extension as a user installs it, in its own profile; a browser shows its window."""

import functools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from editors.install.install_vscode import Vscode

EXTENSION = Path(__file__).parents[3] / "editors/vscode"

# As any VS Code, but for what would cover the editor or ask for the network; of Sotto nothing is set.
PROFILE = {
    "telemetry.telemetryLevel": "off",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": True,
    "extensions.ignoreRecommendations": True,
}
KEYS = {
    "Control+Alt+W": "sotto.acceptWord",
    "Control+Alt+L": "sotto.acceptLine",
    "Control+Alt+N": "sotto.next",
    "Control+Alt+D": "sotto.dismiss",
}
"""Key bindings as the README proposes them."""
SNIPPET_KEY = "Control+Alt+S"
SNIPPET = {"command": "editor.action.insertSnippet", "args": {"snippet": "call($1, $2)$0"}}


@functools.cache
def packed_extension() -> Path:
    """The VSIX, made from what the sources are now. Raises RuntimeError with npm's words."""
    (EXTENSION / "sotto.vsix").unlink(missing_ok=True)
    is_ready = (EXTENSION / "node_modules/.package-lock.json").exists()
    for command in [
        *([] if is_ready else [["npm", "ci", "--silent"]]),
        ["npm", "run", "--silent", "package"],
    ]:
        done = subprocess.run(command, cwd=EXTENSION, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr}{done.stdout}")
    return EXTENSION / "sotto.vsix"


class CodeServer:
    """Serves one profile on a free port of the loopback interface."""

    def __init__(self, parts: Vscode, folder: Path, untrusting: dict[str, object] | None = None) -> None:
        """`folder`: for the profile and for the user's home; it must be empty.

        untrusting: the settings of a user who trusts no workspace; None for one who is not asked.
        """
        self._parts, self._folder = parts, folder
        self.home = folder / "home"
        user = folder / "user/User"
        for path in (self.home, user):
            path.mkdir(parents=True)
        asks_nothing = {"security.workspace.trust.startupPrompt": "never"}
        (user / "settings.json").write_text(json.dumps(PROFILE | asks_nothing | (untrusting or {})))
        bindings = {key: {"command": command} for key, command in KEYS.items()} | {SNIPPET_KEY: SNIPPET}
        keys = [{"key": key.lower().replace("control", "ctrl"), **binding} for key, binding in bindings.items()]
        (user / "keybindings.json").write_text(json.dumps(keys))
        # VS Code takes the PATH from the user's login shell, whatever it was started with.
        programs = Path(sys.executable).parent
        (self.home / ".profile").write_text(f'export PATH="{programs}:$PATH"\n')
        self._environment = os.environ | {
            "PATH": f"{parts.node}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "SHELL": "/bin/bash",
        }
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "SOTTO_MODELS"):
            self._environment.pop(name, None)
        self.run("--install-extension", str(packed_extension()))
        served = ["--bind-addr", "127.0.0.1:0", "--auth", "none"]
        self._log_path = folder / "code-server.log"
        self._log = self._log_path.open("w")
        self._process = subprocess.Popen(
            self._command(*served, *(["--disable-workspace-trust"] if untrusting is None else [])),
            env=self._environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.port = self._wait_port()

    def run(self, *arguments: str) -> str:
        """What VS Code's command line prints."""
        return self._output_of(self._command(*arguments))

    def run_sotto(self, *arguments: str) -> str:
        """What `sotto` prints, as this user."""
        return self._output_of([sys.executable, "-m", "sotto_lsp", *arguments])

    def servers(self) -> list[int]:
        """The process ids of this user's language servers."""
        pids: list[int] = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                words = (path / "cmdline").read_bytes().split(b"\0")
                environment = (path / "environ").read_bytes().split(b"\0")
            except OSError:
                continue  # it has ended meanwhile
            if b"serve" in words and f"HOME={self.home}".encode() in environment:
                pids.append(int(path.name))
        return pids

    def log(self) -> str:
        """What the extension has written into its output channel, in all windows."""
        logs = sorted((self._folder / "user").glob("logs/**/*Sotto.log"))
        return "\n".join(path.read_text() for path in logs)

    def close(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        except ProcessLookupError:
            pass
        self._log.close()

    def _command(self, *arguments: str) -> list[str]:
        profile = [
            "--user-data-dir",
            str(self._folder / "user"),
            "--extensions-dir",
            str(self._folder / "ext"),
        ]
        offline = ["--disable-telemetry", "--disable-update-check"]
        return [str(self._parts.node / "node"), str(self._parts.entry), *profile, *offline, *arguments]

    def _output_of(self, command: list[str]) -> str:
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"{command}: {done.stderr}{done.stdout}"
        return done.stdout

    def _wait_port(self) -> int:
        end = time.monotonic() + 120
        while time.monotonic() < end and self._process.poll() is None:
            if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", self._log_path.read_text()):
                return int(found[1])
            time.sleep(0.1)
        raise AssertionError(f"code-server does not listen:\n{self._log_path.read_text()}")
