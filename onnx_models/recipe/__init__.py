"""How the embedded model is made: exported to ONNX, quantized, measured and described by its manifest.

Nothing here is needed at run time. Run it from the repository's root with PYTHONPATH=onnx_models.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # see sotto_engine/model.py
