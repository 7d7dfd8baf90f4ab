"""A copy of an exported graph that runs faster. Needs the extra `prepare` (onnx); the server imports nothing here."""
