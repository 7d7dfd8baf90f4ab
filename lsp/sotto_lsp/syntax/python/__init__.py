"""Python, by the standard library's own parser. Runs nothing of what it reads."""
