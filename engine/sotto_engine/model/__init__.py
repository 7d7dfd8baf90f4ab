"""The model in memory: its protocol, its implementation on ONNX Runtime, exactness, packed weights. Knows no text."""
