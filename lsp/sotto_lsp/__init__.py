"""Sotto's language server: LSP in, LSP out. Knows no tensors and no token ids."""
