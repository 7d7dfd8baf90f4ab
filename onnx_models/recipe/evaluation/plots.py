"""The pictures next to the table: is the probability reliable, and when is a suggestion right?"""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from recipe.evaluation.typing_replay import BUCKETS

_SIZE = (6.0, 3.6)
_DPI = 110


def draw(results: list[dict[str, Any]], folder: Path) -> None:
    """Write reliability.png and typing.png."""
    folder.mkdir(parents=True, exist_ok=True)
    _reliability(results, folder / "reliability.png")
    _typing(results, folder / "typing.png")


def _reliability(results: list[dict[str, Any]], path: Path) -> None:
    figure, axes = plt.subplots(figsize=_SIZE, dpi=_DPI)
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", linewidth=1, label="as it says")
    for result in results:
        bins = result["scores"]["held_out"]["calibration"]["bins"]
        axes.plot([p for p, _, _ in bins], [right for _, right, _ in bins], marker="o", label=result["name"])
    axes.set(xlabel="the model's probability of its answer", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    _finish(figure, axes, path)


def _typing(results: list[dict[str, Any]], path: Path) -> None:
    figure, axes = plt.subplots(figsize=_SIZE, dpi=_DPI)
    width = 0.8 / len(results)
    for number, result in enumerate(results):
        held_out = result["scores"]["held_out"]
        # Keys of a dictionary are strings once they have been JSON.
        shown, right = ({int(k): v for k, v in held_out[name].items()} for name in ("shown", "right"))
        places = [place + number * width for place in range(len(BUCKETS))]
        shares = [right.get(bucket, 0) / max(1, shown.get(bucket, 0)) for bucket in BUCKETS]
        axes.bar(places, shares, width, label=result["name"])
    axes.set_xticks(range(len(BUCKETS)), [f"{bucket}+" for bucket in BUCKETS])
    axes.set(xlabel="characters of the line typed before", ylabel="suggestions that are right")
    _finish(figure, axes, path)


def _finish(figure: plt.Figure, axes: plt.Axes, path: Path) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)
