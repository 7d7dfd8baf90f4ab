"""One Markdown table of the results of several models, a column each."""

from collections.abc import Callable
from typing import Any

_Cell = Callable[[dict[str, Any]], str]


def format_table(results: list[dict[str, Any]]) -> str:
    """Rows that no model has an answer for are left out; `–` where one has none."""
    lines = [
        "| | " + " | ".join(result["name"] for result in results) + " |",
        "|---" * (1 + len(results)) + "|",
    ]
    for title, cell in _rows():
        cells = [_cell(cell, result["scores"]) for result in results]
        if any(text != "–" for text in cells):
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(cell: _Cell, scores: dict[str, Any]) -> str:
    try:
        return cell(scores)
    except (KeyError, TypeError):  # a section that was not measured for this model
        return "–"


def _rows() -> list[tuple[str, _Cell]]:
    rows: list[tuple[str, _Cell]] = [
        (f"loss, {kind}, nats a character", lambda s, kind=kind: f"{s['loss'][kind]:.3f}")
        for kind in ("line", "mid-line", "block", "left-to-right")
    ]
    for order in ("suffix-first", "anchored"):
        rows.append(
            (
                f"HumanEval single line, exact, {order}, 0 / 3 / 8 characters typed",
                lambda s, order=order: " / ".join(f"{share:.1%}" for share in s["lines"]["exact"][order]),
            )
        )
    rows += [
        ("the same without the suffix, 0 typed", lambda s: f"{s['lines']['without_suffix']:.1%}"),
        ("HumanEval single line, pass@1", lambda s: f"{s['lines']['passed']:.1%}"),
        (
            "HumanEval random span light, exact / pass@1",
            lambda s: f"{s['spans']['exact']:.1%} / {s['spans']['passed']:.1%}",
        ),
        ("held-out lines, exact, nothing typed", lambda s: f"{s['held_out']['whole_line']:.1%}"),
        ("keystrokes saved, typing held-out lines", lambda s: f"{s['held_out']['saved']:.1%}"),
        ("wrong among the suggestions shown", lambda s: f"{s['held_out']['wrong_share']:.1%}"),
        ("right, inside held-out lines", lambda s: f"{s['held_out']['calibration']['right']:.1%}"),
        (
            "right, of the more probable half",
            lambda s: (
                f"{s['held_out']['calibration']['right_above']:.1%}"
                f" (p ≥ {s['held_out']['calibration']['threshold']:.2f})"
            ),
        ),
        (
            "shown / right of those, at p ≥ 0.1, 0.2, 0.3, 0.5",
            lambda s: ", ".join(
                f"{share:.0%} / {right:.0%}"
                for threshold, share, right in s["held_out"]["calibration"]["kept"]
                if threshold >= 0.1
            ),
        ),
        ("area under the curve", lambda s: f"{s['held_out']['calibration']['area']:.3f}"),
        (
            "lines that use another file, 2 typed, exact with / without its snippet",
            lambda s: f"{s['held_out']['cross_file']['with']:.1%} / {s['held_out']['cross_file']['without']:.1%}",
        ),
    ]
    for task in ("fix", "types", "docstring", "rename"):
        rows.append(
            (
                f"{task}, exact / parses",
                lambda s, task=task: f"{s['edits'][task]['exact']:.0%} / {s['edits'][task]['well_formed']:.0%}",
            )
        )
    rows += [
        (
            "a pass of 1 / 2 / 8 tokens after 1,024, ms",
            lambda s: " / ".join(f"{s['speed']['pass_ms'][size]:.2f}" for size in ("1", "2", "8")),
        ),
        ("prefill of 1,024, tokens a second", lambda s: f"{s['speed']['prefill_rate']['1024']:,.0f}"),
        ("size, MB", lambda s: f"{s['speed']['mb']:.1f}"),
    ]
    return rows
