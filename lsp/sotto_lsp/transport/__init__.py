"""LSP over stdio: bytes, JSON-RPC, progress, capabilities, log. Knows no model and no suggestion."""
