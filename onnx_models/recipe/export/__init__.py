"""A checkpoint becomes an ONNX graph or a GGUF file, quantized, with its manifest; and is compared with PyTorch.

Knows any Qwen2-style checkpoint, and nothing of the corpus but its control tokens.
"""
