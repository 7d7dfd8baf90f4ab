"""Builds a file like those in transformers.js' repositories: Qwen2.5-Coder-0.5B's shape, random weights, q4.

4-bit matrices without accuracy_level, a float32 embedding, spelled-out attention. Runs in Optimum's environment.
"""

import logging
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.real_shapes import COMMON, SHAPES


def build(tokenizer_dir: Path, output: Path) -> None:
    """Takes 8 GB of memory."""
    import onnx
    import torch
    from onnxruntime.quantization import matmul_nbits_quantizer as nbits
    from transformers import Qwen2Config, Qwen2ForCausalLM

    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent) as folder:
        torch.manual_seed(0)
        Qwen2ForCausalLM(Qwen2Config(**COMMON, **SHAPES["0.5b"])).save_pretrained(folder)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(tokenizer_dir / name, folder)
        exporter = [sys.executable, "-m", "optimum.commands.optimum_cli", "export", "onnx"]
        options = ["--model", folder, "--task", "text-generation-with-past", "--no-post-process"]
        subprocess.run([*exporter, *options, str(output)], check=True)
    logging.disable(logging.INFO)  # a line a node
    settings = nbits.DefaultWeightOnlyQuantConfig(block_size=32, is_symmetric=True, bits=4)
    quantizer = nbits.MatMulNBitsQuantizer(onnx.load(output / "model.onnx"), algo_config=settings)
    quantizer.process()
    for path in output.glob("model.onnx*"):
        path.unlink()
    quantizer.model.save_model_to_file(str(output / "model.onnx"), use_external_data_format=True)


if __name__ == "__main__":
    if not (Path(sys.argv[2]) / "model.onnx").exists():
        build(Path(sys.argv[1]), Path(sys.argv[2]))
