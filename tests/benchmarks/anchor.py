"""What the anchor costs in quality: held-out lines that come out right, by how much stands behind the middle token.

    make bench-anchor HELD_OUT=FILE

The anchor is put at the line that is at least so many characters above the cursor's; each line is asked for with
nothing and with three characters of it typed.
"""

import argparse
import random
from pathlib import Path

import sotto_models
from recipe.evaluation.answers import ask_line
from recipe.evaluation.questions import held_out_lines
from recipe.corpus.library import Library
from sotto_engine.engine import EngineOptions
from sotto_engine.loading import load_engine
from sotto_engine.prompt import builder as prompt

_DISTANCES = (0, 50, 100, 200, 300, 400, 600, 800, 1200, 1600)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--held-out", type=Path, required=True, help="of the recipe's corpus step")
    parser.add_argument("--model", type=Path, default=sotto_models.embedded_model_dir())
    parser.add_argument("--questions", type=int, default=500)
    options = parser.parse_args()
    lines = held_out_lines(Library.read(options.held_out, seed=1), options.questions, random.Random(2))
    questions = [question.typed(num) for question in lines for num in (0, 3) if len(question.answer) > num]
    engine, _ = load_engine(options.model, EngineOptions(fim_order="anchored"))
    prompt.ANCHOR_STEP = 1
    print("| characters behind the middle token, at least | lines exactly right |\n|---|---|")
    for distance in _DISTANCES:
        prompt.ANCHOR_CHARS = distance
        num_right = sum(ask_line(engine, question).is_right for question in questions)
        print(f"| {distance} | {num_right / len(questions):.1%} of {len(questions)} |", flush=True)
    engine, _ = load_engine(options.model, EngineOptions(fim_order="suffix-first"))
    num_right = sum(ask_line(engine, question).is_right for question in questions)
    print(f"| suffix-first | {num_right / len(questions):.1%} |")


if __name__ == "__main__":
    main()
