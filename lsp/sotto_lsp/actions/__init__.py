"""Code actions: the handlers, what is offered where, the questions to the model, what an answer must pass.

Knows no language: what a text means is asked of `syntax`.
"""
