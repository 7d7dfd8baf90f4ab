"""Draws how a run's loss fell: every twenty steps on the training rows, at each save on held-out packages.

PYTHONPATH=onnx_models python -m recipe.train.curve RUN docs/training.png
"""

import argparse
import re
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

_SAVED = re.compile(r"^([\d.]+) M tokens: (.*)$")
_KIND = re.compile(r"([\w-]+) ([\d.]+)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder with losses.tsv and validation.log")
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    figure, axes = plt.subplots(figsize=(6.0, 3.6), dpi=110)
    axes.plot(*read_training_losses(arguments.run / "losses.tsv"), color="0.75", linewidth=1, label="training rows")
    for kind, (millions, losses) in read_validation_losses(arguments.run / "validation.log").items():
        axes.plot(millions, losses, marker="o", markersize=3, linewidth=1, label=f"held out, {kind}")
    axes.set(xlabel="tokens seen, millions", ylabel="loss, nats a token")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(arguments.picture)


def read_training_losses(path: Path) -> tuple[list[float], list[float]]:
    """Millions of tokens seen and losses, nats a token."""
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    return [int(seen) / 1e6 for seen, _ in rows], [float(loss) for _, loss in rows]


def read_validation_losses(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """The same by kind of question, from the lines that each save wrote."""
    curves: dict[str, tuple[list[float], list[float]]] = {}
    for line in path.read_text().splitlines():
        if saved := _SAVED.match(line):
            for kind, loss in _KIND.findall(saved[2]):
                millions, losses = curves.setdefault(kind, ([], []))
                millions.append(float(saved[1]))
                losses.append(float(loss))
    return curves


if __name__ == "__main__":
    main()
