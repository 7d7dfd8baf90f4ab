"""Source text of pinned packages becomes rows of token ids: collected, cleaned, cut into questions, packed, audited.

Knows no model: neither torch nor onnxruntime is imported here.
"""
