"""What the server runs on: session, the engine's thread and who is next, idle time, metrics. Knows no feature."""
