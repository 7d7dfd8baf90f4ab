"""How the embedded model is made: its corpus, its training, its ONNX export, and what it is worth.

Nothing here is needed at run time. Run it from the repository's root with PYTHONPATH=onnx_models.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # as sotto_engine does, before onnxruntime is imported
