"""How the embedded model is made: exported to ONNX, quantized, measured and described by its manifest.

Nothing here is needed at run time. Run it from the repository's root with PYTHONPATH=onnx_models.
"""
