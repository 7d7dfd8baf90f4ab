"""Sotto's engine: a quantized code model in this process, its KV cache kept from keystroke to keystroke."""
