"""The project's own linters and type checkers: how each is run on an answer, and what it has against it.

No model, no LSP: texts go in, sentences for the user come out.
"""
