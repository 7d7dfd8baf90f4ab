"""Qwen2.5-Coder in its real shapes with random weights: Sotto, a bare loop and onnxruntime-genai on one file.

    make bench-shapes [SHAPE=1.5b] [BLOCK_SIZE=128]     installs what builds the model, 2 GB, the first time

Figures are ratios of interleaved rounds in one process; see docs/benchmarks.md.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SHAPES = {
    "0.5b": {
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
    },
    "1.5b": {
        "hidden_size": 1536,
        "intermediate_size": 8960,
        "num_hidden_layers": 28,
        "num_attention_heads": 12,
    },
}
COMMON = {
    "vocab_size": 151936,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32768,
    "rope_theta": 1e6,
    "tie_word_embeddings": True,
    "eos_token_id": 151643,
    "bos_token_id": 151643,
}
NUM_PROMPT, NUM_DECODED = 512, 24


def build(shape: str, tokenizer_dir: Path, block_size: int, output: Path) -> None:
    """An int4 graph by onnxruntime-genai's builder, `block_size` weights a scale."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    with tempfile.TemporaryDirectory(dir=output.parent) as folder:
        torch.manual_seed(0)
        model = Qwen2ForCausalLM(Qwen2Config(**COMMON, **SHAPES[shape])).to(torch.bfloat16)
        model.save_pretrained(folder)
        del model
        for name in ("tokenizer.json", "tokenizer_config.json"):
            (Path(folder) / name).write_bytes((tokenizer_dir / name).read_bytes())
        command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", folder, "-o", str(output)]
        command += ["-p", "int4", "-e", "cpu", "-c", f"{folder}/cache"]
        command += ["--extra_options", f"block_size={block_size}"]
        subprocess.run(command, check=True, stdout=sys.stderr)


class Sotto:
    """The engine as the server runs it: prompt in slices, cache, sampler, stop rules."""

    def __init__(self, directory: Path, num_threads: int) -> None:
        from sotto_engine.engine import EngineOptions
        from sotto_engine.loading import load_engine
        from sotto_engine.model.exact_rows import EvenPasses

        # One token a pass, as the loops beside it: drafts have their own measurement (drafts.py).
        self.engine, _ = load_engine(directory, EngineOptions(num_threads=num_threads, drafts=False))
        self.text = "x = values[index] + offset\n" * 200

        model = self.engine.model
        self.model = model._model if isinstance(model, EvenPasses) else model
        self.session = TimedSession(self.model._session)
        self.model._session = self.session

    def round(self) -> tuple[float, float, float]:
        """`(prefill tokens/s, decode ms a token, of which ms outside the session)` of one cold completion."""
        from sotto_engine.cancel import CancelFlag
        from sotto_engine.request import FillInRequest, Limits

        self.engine._prefix_cache.clear()
        self.session.run_ms.clear()
        text = self.text[: 27 * 51]
        completion = self.engine.complete(
            FillInRequest(text, "", limits=Limits(max_tokens=NUM_DECODED, min_probability=0.0)), CancelFlag()
        )
        timings, num_decoded = completion.timings, len(completion.token_ids)
        assert num_decoded >= NUM_DECODED // 2, f"only {num_decoded} tokens: {completion.finish_reason}"
        self.num_prompt = completion.num_prompt_tokens
        num_passes = num_decoded - 1  # the first token comes from the prompt's logits
        decode_ms = timings.decode_ms / num_passes
        inside_ms = sum(self.session.run_ms[-num_passes:]) / num_passes
        return completion.num_prompt_tokens / timings.prefill_ms * 1e3, decode_ms, decode_ms - inside_ms


class TimedSession:
    """A session that notes how long each run took."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.run_ms: list[float] = []

    def run_with_iobinding(self, *arguments: Any) -> None:
        start = time.perf_counter()
        self._session.run_with_iobinding(*arguments)
        self.run_ms.append((time.perf_counter() - start) * 1e3)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


class Bare:
    """`run_with_iobinding` on bound buffers and argmax: nothing else."""

    def __init__(self, sotto: Sotto) -> None:
        self.model, self.session = sotto.model, sotto.session

    def round(self, num_prompt: int) -> tuple[float, float, float]:
        import onnxruntime as ort

        model, cache = self.model, self.model.new_cache()
        cache.reserve(num_prompt + NUM_DECODED + 1)
        start = time.perf_counter()
        model_ids = np.random.default_rng(1).integers(1000, 90000, num_prompt)
        from sotto_engine.cancel import CancelFlag

        while len(cache) < num_prompt:
            model.forward(cache, model_ids[len(cache) : len(cache) + 64].tolist(), CancelFlag())
        prefill_s = time.perf_counter() - start
        io = model._binding(cache).io
        ones = np.ones((1, num_prompt + NUM_DECODED), np.int64)
        ids, logits = np.array([[7]], np.int64), np.empty((1, 1, model.vocab_size), np.float32)
        io.bind_ortvalue_input("input_ids", ort.OrtValue.ortvalue_from_numpy(ids))
        io.bind_ortvalue_output("logits", ort.OrtValue.ortvalue_from_numpy(logits))
        start = time.perf_counter()
        for step in range(NUM_DECODED):
            mask = ort.OrtValue.ortvalue_from_numpy(ones[:, : num_prompt + step + 1])
            io.bind_ortvalue_input("attention_mask", mask)
            model._session.run_with_iobinding(io)
            ids[0, 0] = logits[0, 0].argmax()
        decode_ms = (time.perf_counter() - start) / NUM_DECODED * 1e3
        inside_ms = sum(self.session.run_ms[-NUM_DECODED:]) / NUM_DECODED
        return num_prompt / prefill_s, decode_ms, decode_ms - inside_ms


class GenAI:
    """onnxruntime-genai's own loop on the same files."""

    def __init__(self, directory: Path, num_threads: int) -> None:
        import onnxruntime_genai as genai

        self.genai = genai
        config = genai.Config(str(directory))
        threads = {"intra_op_num_threads": num_threads}
        config.overlay(json.dumps({"model": {"decoder": {"session_options": threads}}}))
        self.model = genai.Model(config)

    def round(self, num_prompt: int) -> tuple[float, float]:
        params = self.genai.GeneratorParams(self.model)
        params.set_search_options(max_length=num_prompt + NUM_DECODED + 8, do_sample=False)
        generator = self.genai.Generator(self.model, params)
        token_ids = np.random.default_rng(1).integers(1000, 90000, num_prompt).astype(np.int32)
        start = time.perf_counter()
        generator.append_tokens(token_ids[None])
        generator.generate_next_token()
        prefill_s = time.perf_counter() - start
        start = time.perf_counter()
        for _ in range(NUM_DECODED):
            generator.generate_next_token()
        return num_prompt / prefill_s, (time.perf_counter() - start) / NUM_DECODED * 1e3


def resident_megabytes() -> float:
    """Of this process, now."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=Path, help="where the models are kept between runs")
    parser.add_argument("--shape", choices=SHAPES, default="0.5b")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder with Qwen2.5's tokenizer.json")
    parser.add_argument("--block-size", type=int, default=32, help="weights that share a scale")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    kind = "int4" if options.block_size == 32 else f"int4-b{options.block_size}"
    model_dir = options.directory / f"qwen2.5-coder-{options.shape}-{kind}"
    if not (model_dir / "genai_config.json").exists():
        options.directory.mkdir(parents=True, exist_ok=True)
        build(options.shape, options.tokenizer, options.block_size, model_dir)
    before, start = resident_megabytes(), time.perf_counter()
    sotto = Sotto(model_dir, options.threads)
    load_s, memory = time.perf_counter() - start, resident_megabytes() - before
    size = sum(path.stat().st_size for path in model_dir.iterdir()) / 1e6
    print(
        f"{options.shape}: {size:.0f} MB on disk, loaded in {load_s:.1f} s, {memory:.0f} MB more resident memory"
    )
    genai, bare = GenAI(model_dir, options.threads), Bare(sotto)
    sotto.round()
    loops: dict[str, Callable[[], tuple[float, ...]]] = {
        "sotto": sotto.round,
        "bare": lambda: bare.round(sotto.num_prompt),
        "genai": lambda: genai.round(sotto.num_prompt),
    }
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in loops}
    order = list(loops)
    for _ in range(options.rounds):
        for name in order:
            rows[name].append(loops[name]())
        order.reverse()  # who runs behind whom can matter more than what they do
    print(f"{sotto.num_prompt} tokens of prompt, {NUM_DECODED} decoded, {options.threads} threads, medians")
    for name, values in rows.items():
        prefill, decode, *outside = (statistics.median(column) for column in zip(*values, strict=True))
        own = "".join(f", {ms:.2f} ms of it outside the session" for ms in outside)
        print(f"{name:6} prefill {prefill:7.0f} tok/s   decode {decode:6.2f} ms a token{own}")
    for name in ("bare", "genai"):
        ratios = [s[1] / o[1] for s, o in zip(rows["sotto"], rows[name], strict=True)]
        low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
        print(f"decode, sotto / {name}: {middle:.3f} ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
