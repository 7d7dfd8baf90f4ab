"""Weights to few bits: the arithmetic, and which tensor gets how many; knows no graph and no file."""
