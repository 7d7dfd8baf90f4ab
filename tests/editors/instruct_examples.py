"""A server that answers as an instruct model would, with what is written down, and code that it is asked about."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

SCRIPTED = Path(__file__).parents[1] / "e2e" / "scripted_server.py"
CODE = """def area(rs):
    # Say it in one line.
    out = []
    for r in rs:
        out.append(3 * r)
    return out
"""
SHORT = "out = [3 * r for r in rs]"
LOOP = "    out = []\n    for r in rs:\n        out.append(3 * r)\n"
SHORTER = CODE.replace(LOOP, f"    {SHORT}\n")


def scripted_server(folder: Path, *answers: str) -> list[str]:
    """The command of a server that gives these answers, one after the other."""
    script = folder / "script.json"
    script.write_text(json.dumps([f"{each}\n```\nThat is all." for each in answers]))
    return [sys.executable, str(SCRIPTED), str(script)]


def write_scripted_program(folder: Path, *answers: str) -> Path:
    """The same as a program `sotto`, which says its version, too."""
    command = " ".join(f'"{part}"' for part in scripted_server(folder, *answers))
    program = folder / "sotto"
    says_version = f'echo "sotto {version("sotto-ls")}"'
    program.write_text(f'#!/bin/sh\ncase "$*" in *--version*) {says_version};; *) exec {command};; esac\n')
    program.chmod(0o755)
    return program
