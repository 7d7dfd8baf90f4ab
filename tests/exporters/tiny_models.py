"""Real architectures at toy size with random weights, built by real exporters; runs in an environment of theirs.

    ENV/bin/python tests/exporters/tiny_models.py OUT [--only qwen2-genai-int4 ...]

Each model's folder gets `reference.npz`: token ids and the logits that PyTorch gives after each of them.
Only what the environment holds is built: onnxruntime-genai and mobius in one, Optimum in another: their pins differ.
"""

import argparse
import importlib.util
import json
import logging
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers
from relayout import relayout
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

VOCAB_SIZE = 331
"""A number that no other dimension has: genai's builder takes any layer of this width for the head."""
CONTROL = (
    "<|endoftext|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>",
    "<|repo_name|>", "<|file_sep|>", "<|im_start|>", "<|im_end|>",
)  # fmt: skip
COMMON = {
    "vocab_size": VOCAB_SIZE,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.1,
    "eos_token_id": 256,
    "bos_token_id": 256,
    "pad_token_id": 256,
}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
LINEAR = {
    "num_hidden_layers": 4,
    "head_dim": 32,
    "partial_rotary_factor": 0.5,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "linear_conv_kernel_dim": 4,
    "full_attention_interval": 4,
}
MROPE = {
    "rope_type": "default",
    "rope_theta": 10000.0,
    "mrope_section": [4, 2, 2],
    "partial_rotary_factor": 0.5,
}
VISION = {"depth": 1, "hidden_size": 32, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 64}
FAMILIES = {
    "qwen2": ("Qwen2", COMMON),
    "qwen3": ("Qwen3", COMMON | {"head_dim": 16}),
    "llama": ("Llama", COMMON),
    "starcoder2": ("Starcoder2", COMMON),
    "qwen3_moe": ("Qwen3Moe", COMMON | EXPERTS | {"head_dim": 16}),
    "qwen3_next": ("Qwen3Next", COMMON | EXPERTS | LINEAR | {"shared_expert_intermediate_size": 32}),
    "qwen3_5": ("Qwen3_5", COMMON | LINEAR | {"rope_parameters": MROPE}),
    "qwen3_5_moe": (
        "Qwen3_5Moe",
        COMMON | EXPERTS | LINEAR | {"rope_parameters": MROPE, "shared_expert_intermediate_size": 32},
    ),
}
QUANTIZED = ("float32", "int8", "int4")
BUILDS = {
    "genai": {
        "qwen2": (*QUANTIZED, "int8cache"),
        **dict.fromkeys(("qwen3", "llama", "qwen3_5", "qwen3_5_moe", "qwen3_next"), QUANTIZED),
    },
    "mobius": {
        "qwen2": ("float32", "float16", "int4"),
        **dict.fromkeys(("qwen3", "starcoder2", "qwen3_moe", "qwen3_next"), ("float32", "int4")),
    },
    "optimum": dict.fromkeys(("qwen2", "qwen3", "llama"), ("float32", "int4")),
}
"""Where an exporter supports a family. Optimum's and mobius' int4 is the quantizer of onnxruntime, as transformers.js
runs it: without accuracy_level. genai's builder takes Qwen3-Next in the layout of Qwen3.5-MoE."""


def make_tokenizer() -> Tokenizer:
    vocabulary = {token: i for i, token in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    backend = Tokenizer(models.BPE(vocabulary, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_tokens([AddedToken(text, special=False) for text in CONTROL])
    return backend


def make_checkpoint(family: str, directory: Path) -> None:
    """The PyTorch model, its tokenizer and its logits, in `directory`."""
    prefix, values = FAMILIES[family]
    torch.manual_seed(7)
    is_multimodal = prefix.startswith("Qwen3_5")
    if is_multimodal:
        config = getattr(transformers, f"{prefix}Config")(text_config=values, vision_config=VISION)
        model = getattr(transformers, f"{prefix}ForConditionalGeneration")(config)
    else:
        model = getattr(transformers, f"{prefix}ForCausalLM")(getattr(transformers, f"{prefix}Config")(**values))
    model.eval().save_pretrained(directory)
    backend = make_tokenizer()
    backend.save(str(directory / "tokenizer.json"))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<|endoftext|>")
    tokenizer.save_pretrained(directory)
    token_ids = np.random.default_rng(3).integers(0, 256, 48)
    with torch.no_grad():
        logits = model(input_ids=torch.tensor(token_ids[None])).logits[0]
    np.savez(directory / "reference.npz", token_ids=token_ids, logits=logits.float().numpy())


def build(exporter: str, precision: str, source: Path, output: Path) -> None:
    """Raises CalledProcessError with the exporter's words in `stderr`."""
    if exporter == "genai" and "Qwen3Next" in (source / "config.json").read_text():
        relayout(source, source / "relayout")
        shutil.copy(source / "reference.npz", source / "relayout")
        source /= "relayout"
    options: list[str] = []
    if precision == "int8cache":
        num_layers = COMMON["num_hidden_layers"]
        scales = {"k_scales": [0.05] * num_layers, "v_scales": [0.05] * num_layers}
        (source / "scales.json").write_text(json.dumps({"scales": scales}))
        scheme = ["kv_cache_quant_scheme=int8_per_tensor", f"kv_cache_scale_file={source / 'scales.json'}"]
        options = ["--extra_options", *scheme]
    genai_precision = {"float32": "fp32", "int8cache": "fp32"}.get(precision, precision)
    dtype = "f16" if precision == "float16" else "f32"
    command = {
        "genai": [
            "-m", "onnxruntime_genai.models.builder", "-i", str(source), "-o", str(output),
            "-p", genai_precision, "-e", "cpu", "-c", str(source / "cache"), *options,
        ],
        "mobius": ["-m", "mobius", "build", "--model", str(source), str(output), "--ep", "cpu", "--dtype", dtype],
        "optimum": [
            "-m", "optimum.commands.optimum_cli", "export", "onnx", "--model", str(source), "--task",
            "text-generation-with-past", "--no-post-process", str(output),
        ],
    }[exporter]  # fmt: skip
    subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True)
    if precision == "int4" and exporter != "genai":
        quantize(output / "model.onnx")
    for name in ("tokenizer.json", "reference.npz", "config.json"):
        if not (output / name).exists() and not (exporter == "genai" and name == "config.json"):
            shutil.copy(source / name, output / name)


def quantize(graph: Path) -> None:
    import onnx  # each environment has its own
    from onnxruntime.quantization import matmul_nbits_quantizer as nbits

    logging.disable(logging.INFO)  # a line a node
    settings = nbits.DefaultWeightOnlyQuantConfig(block_size=32, is_symmetric=True, bits=4)
    quantizer = nbits.MatMulNBitsQuantizer(onnx.load(graph), algo_config=settings)
    quantizer.process()
    quantizer.model.model.graph.name = "decoder"  # mobius takes the path of the checkpoint
    for node in quantizer.model.model.graph.node:
        del node.metadata_props[:]  # mobius writes there where in its own code a node was made
    for path in graph.parent.glob("model.onnx*"):
        path.unlink()
    quantizer.model.save_model_to_file(str(graph), use_external_data_format=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", help="names like qwen2-genai-int4")
    arguments = parser.parse_args()
    num_failed = 0
    modules = {"genai": "onnxruntime_genai", "mobius": "mobius", "optimum": "optimum"}
    for exporter, families in BUILDS.items():
        if importlib.util.find_spec(modules[exporter]) is None:
            continue
        for family, precisions in families.items():
            wanted = [
                (precision, arguments.out / name)
                for precision in precisions
                for name in [f"{family}-{exporter}-{precision}"]
                if not (arguments.out / name / "reference.npz").exists()
                and (arguments.only is None or name in arguments.only)
            ]
            if wanted:
                num_failed += build_family(exporter, family, wanted)
    if num_failed:
        raise SystemExit(f"{num_failed} exports failed")


def build_family(exporter: str, family: str, wanted: list[tuple[str, Path]]) -> int:
    """How many of them failed, each with a line that says why."""
    num_failed = 0
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        make_checkpoint(family, source)
        for precision, output in wanted:
            partial = output.with_name(output.name + ".partial")
            shutil.rmtree(partial, ignore_errors=True)
            try:
                build(exporter, precision, source, partial)
                partial.rename(output)
                print(f"built {output.name}", flush=True)
            except (subprocess.CalledProcessError, OSError, json.JSONDecodeError) as error:
                reason = getattr(error, "stderr", "") or str(error)
                print(f"FAILED {output.name}: {reason.strip()[-600:]}", flush=True)
                num_failed += 1
    return num_failed


if __name__ == "__main__":
    main()
