"""KV caches: rows and checkpoints of one text, those of several texts, and what is kept on disk. Runs no model."""
