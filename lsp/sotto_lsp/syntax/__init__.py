"""What a language's text is: one protocol; Python's parser and tree-sitter's languages behind it.

No model, no code action, no LSP.
"""
