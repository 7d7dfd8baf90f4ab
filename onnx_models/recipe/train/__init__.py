"""Packed rows become a Qwen2-style checkpoint: the decoder in PyTorch, its optimizers, the loop, and runs resumed.

Knows nothing of ONNX graphs but how to read one back (restore) and what one costs (vocabulary_size).
"""
