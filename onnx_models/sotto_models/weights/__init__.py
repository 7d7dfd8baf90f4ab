"""Reads weights tensor by tensor: GGUF files and folders of safetensors; knows no graph."""
