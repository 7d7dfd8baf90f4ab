"""The training loop: packed rows in, a checkpoint that resumes exactly and a Qwen2 checkpoint out.

    PYTHONPATH=onnx_models python -m recipe.train.train --cache CACHE --run CACHE/run1 --tokens 400e6

Runs until the tokens are seen, the time limit is over or it is interrupted; started again with the same --run it goes
on where it stopped. The rate warms up and stays; from --decay-from on it falls, to nothing at --tokens.
"""

import argparse
import ctypes
import signal
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from recipe.corpus.examples import PAD
from recipe.corpus.pack import KINDS
from recipe.train.architecture import Decoder, save_checkpoint, stack_layers
from recipe.train.optimizer import make_optimizers, set_rate
from sotto_models.decoder.description import DecoderDescription

_WARM_UP_STEPS = 60
_CLIP = 1.0
_LOG_STEPS = 20
SHAPES = Path(__file__).parent / "shapes.toml"
# glibc's mallopt: its parameters, and values that keep memory once it has been had.
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _NEVER = -1, -4, 2**31 - 1


@dataclass(frozen=True)
class Plan:
    """How a run goes. `length` must be that of the packed rows."""

    num_tokens: int
    length: int = 1024
    batch_tokens: int = 8192
    rows_a_pass: int = 4
    rate: float = 1.0
    """Times the optimizers' own rates."""
    decay_from: float = float("inf")
    minutes: float = float("inf")
    save_minutes: float = 20.0
    compile: bool = True


class Trainer:
    """A model, its optimizers and how far it has come."""

    def __init__(self, config: DecoderDescription, cache: Path, run: Path, plan: Plan) -> None:
        torch.manual_seed(0)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = Decoder(config).to(self.device)
        self.optimizers = make_optimizers(self.model)
        self.plan = plan
        self.step = 0
        self.num_seen = 0
        """Tokens so far."""
        self._next_row = 0
        self._run = run
        run.mkdir(parents=True, exist_ok=True)
        self._state = run / "state.pt"
        self._rows = np.memmap(cache / "train.bin", np.uint16, "r").reshape(-1, plan.length + 1)
        # Neighbouring rows come from one file: a step takes its rows from anywhere.
        self._order = np.random.default_rng(0).permutation(len(self._rows))
        self._validation = {
            kind: np.fromfile(cache / f"validation-{kind}.bin", np.uint16).reshape(-1, plan.length + 1)
            for kind in KINDS
            if (cache / f"validation-{kind}.bin").stat().st_size
        }
        if plan.compile:
            self.model.compile_parts()
        self._stopping = False
        if self._state.exists():
            self._load()

    def grow_from(self, run: Path) -> None:
        """Begin with another run's layers, repeated to this model's depth, and its place in the rows; once only."""
        if self._state.exists():
            return
        state = torch.load(run / self._state.name, map_location=self.device, weights_only=True)
        self.model.load_state_dict(stack_layers(state["model"], len(self.model.layers)))
        self.num_seen, self._next_row = state["num_seen"], state["next_row"]

    def start_from(self, checkpoint: Path, num_seen: int) -> None:
        """Begin with the weights of a checkpoint that saw `num_seen` tokens, with new optimizers; once only."""
        if self._state.exists():
            return
        weights = load_file(checkpoint / "model.safetensors", device=self.device)
        self.model.load_state_dict({name.removeprefix("model."): tensor for name, tensor in weights.items()})
        self.num_seen = num_seen

    def train(self) -> None:
        """Go on until the end of the plan, the time limit or a signal; saves at the end."""
        signal.signal(signal.SIGTERM, lambda *_: self.stop())
        began = saved = logged = time.monotonic()
        num_logged = self.num_seen
        losses: list[torch.Tensor] = []
        while self.num_seen < self.plan.num_tokens and not self._stopping:
            losses.append(self._one_step())
            now = time.monotonic()
            if self.step % _LOG_STEPS == 0:
                rate = (self.num_seen - num_logged) / (now - logged)  # of these steps: the first compile
                logged, num_logged = now, self.num_seen
                left = (self.plan.num_tokens - self.num_seen) / rate / 3600
                loss = torch.stack(losses).mean()
                print(
                    f"step {self.step} {self.num_seen / 1e6:.2f} M tokens, loss {loss:.3f}, "
                    f"rate {self._schedule():.3f}, {rate:.0f} tokens/s, {left:.1f} h left",
                    flush=True,
                )
                with (self._run / "losses.tsv").open("a") as log:
                    log.write(f"{self.num_seen}\t{loss:.4f}\n")
                losses = []
            if now - saved > self.plan.save_minutes * 60:
                self.save()
                saved = logged = time.monotonic()
            self._stopping = self._stopping or now - began > self.plan.minutes * 60
        self.save()

    def stop(self) -> None:
        """End after the step that is running."""
        self._stopping = True

    def save(self) -> None:
        """Write the state whole or not at all, the Qwen2 checkpoint next to it, and a line of validation losses."""
        state = {
            "step": self.step,
            "num_seen": self.num_seen,
            "next_row": self._next_row,
            "num_rows": len(self._rows),
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }
        partial = self._state.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self._state)
        save_checkpoint(self.model, self._run / "checkpoint")
        figures = ", ".join(f"{kind} {loss:.3f}" for kind, loss in self.validate().items())
        line = f"{self.num_seen / 1e6:.2f} M tokens: {figures}"
        print(f"saved, validation at {line}", flush=True)
        with (self._run / "validation.log").open("a") as log:
            log.write(line + "\n")

    def validate(self) -> dict[str, float]:
        """Loss of each kind of question on the held-out packages."""
        losses: dict[str, float] = {}
        size = self.plan.rows_a_pass  # the shape that is compiled
        with torch.no_grad(), torch.autocast(self.device, torch.bfloat16):
            for kind, rows in self._validation.items():
                passes = [self.model(*self._batch(rows[i : i + size])) for i in range(0, len(rows), size)]
                losses[kind] = sum(loss.item() for loss in passes) / len(passes)
        return losses

    def _one_step(self) -> torch.Tensor:
        plan = self.plan
        num_rows = plan.batch_tokens // plan.length
        set_rate(self.optimizers, self._schedule())
        total = torch.zeros((), device=self.device)
        for first in range(0, num_rows, plan.rows_a_pass):
            at = np.arange(self._next_row + first, self._next_row + first + plan.rows_a_pass)
            with torch.autocast(self.device, torch.bfloat16):
                loss = self.model(*self._batch(self._rows[self._order[at % len(self._rows)]]))
            (loss * plan.rows_a_pass / num_rows).backward()
            total += loss.detach() * plan.rows_a_pass / num_rows
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), _CLIP)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.num_seen += plan.batch_tokens
        self._next_row += num_rows
        return total

    def _schedule(self) -> float:
        """Warm-up, constant, then linear to zero."""
        plan = self.plan
        warm = plan.rate * min(1.0, (self.step + 1) / _WARM_UP_STEPS)
        if self.num_seen < plan.decay_from:
            return warm
        return warm * max(0.0, plan.num_tokens - self.num_seen) / (plan.num_tokens - plan.decay_from)

    def _batch(self, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        ids = torch.from_numpy(rows.astype(np.int64)).to(self.device)
        targets = ids[:, 1:]
        return ids[:, :-1].contiguous(), targets.masked_fill(targets == PAD, -1)

    def _load(self) -> None:
        """Go on; with other rows than before (packed again, another length) from their beginning."""
        state = torch.load(self._state, map_location=self.device, weights_only=True)
        self.step = state["step"]
        self.num_seen = state["num_seen"]
        self._next_row = state["next_row"] if state["num_rows"] == len(self._rows) else 0
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder with train.bin and validation-*.bin")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run's checkpoints")
    parser.add_argument("--tokens", type=float, required=True, help="tokens of the whole run, as 400e6")
    parser.add_argument("--rate", type=float, default=1.0, help="times the optimizers' own learning rates")
    parser.add_argument("--decay-from", type=float, default=float("inf"), help="tokens; never by default")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop and save after this long")
    parser.add_argument("--save-minutes", type=float, default=20.0, help="between two checkpoints")
    parser.add_argument("--grow-from", type=Path, help="begin with the layers of this shallower run")
    parser.add_argument("--from-checkpoint", type=Path, help="begin with these weights; see recipe.train.restore")
    parser.add_argument("--seen", type=float, default=0.0, help="tokens that they saw")
    parser.add_argument("--shape", default="cpu", help="a table of --shapes")
    parser.add_argument("--shapes", type=Path, default=SHAPES, help="TOML file of model shapes")
    parser.add_argument("--length", type=int, default=1024, help="that of the packed rows")
    parser.add_argument("--batch-rows", type=int, default=8, help="rows a step")
    parser.add_argument("--rows", type=int, default=4, help="rows a pass")
    parser.add_argument("--threads", type=int, default=0, help="all cores by default")
    parser.add_argument("--no-compile", action="store_true")
    arguments = parser.parse_args()
    if arguments.batch_rows % arguments.rows:
        parser.error("--batch-rows must be a multiple of --rows.")
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    keep_memory()
    config = make_config(**tomllib.loads(arguments.shapes.read_text())[arguments.shape])
    plan = Plan(
        int(arguments.tokens),
        length=arguments.length,
        batch_tokens=arguments.batch_rows * arguments.length,
        rows_a_pass=arguments.rows,
        rate=arguments.rate,
        decay_from=arguments.decay_from,
        minutes=arguments.minutes,
        save_minutes=arguments.save_minutes,
        compile=not arguments.no_compile,
    )
    trainer = Trainer(config, arguments.cache, arguments.run, plan)
    if arguments.grow_from:
        trainer.grow_from(arguments.grow_from)
    if arguments.from_checkpoint:
        trainer.start_from(arguments.from_checkpoint, int(arguments.seen))
    size = sum(parameter.numel() for parameter in trainer.model.parameters())
    print(f"{size / 1e6:.1f} M parameters, {trainer.num_seen / 1e6:.2f} M tokens seen before", flush=True)
    trainer.train()


def keep_memory() -> None:
    """Large tensors from the heap that stays, not from fresh pages each step."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, _NEVER)


def make_config(hidden: int, layers: int, vocabulary: int, head_dim: int = 64) -> DecoderDescription:
    """Qwen2's proportions: heads of 64, a third of them for keys and values, an MLP of 8/3 in whole 64s."""
    num_heads = hidden // head_dim
    return DecoderDescription(
        hidden_size=hidden,
        intermediate_size=-(-hidden * 8 // 3 // 64) * 64,
        num_layers=layers,
        num_heads=num_heads,
        num_kv_heads=min(num_heads, max(2, num_heads // 3)),
        head_dim=head_dim,
        vocab_size=vocabulary,
        max_positions=4096,
        rope_theta=10_000.0,
        norm_eps=1e-6,
        tied_head=True,
    )


if __name__ == "__main__":
    main()
