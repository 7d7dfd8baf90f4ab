"""The open documents: store, snapshots, lines, paths. Positions become offsets here. Knows no model, no feature."""
