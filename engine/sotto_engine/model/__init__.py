"""The model in memory: its protocol, the ONNX Runtime behind it, exactness, packed weights. Knows no text."""
