"""What a text is in its language: one protocol, with Python's parser and tree-sitter's languages below it.

No model, no code action, no LSP.
"""
