"""Suggestions: handlers, requests, type-through, prefetch, pace, filters. Knows no code action."""
