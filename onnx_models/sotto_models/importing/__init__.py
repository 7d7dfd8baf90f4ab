"""From an export to a model in the store: checked, prepared, whole or not at all. Knows no editor."""
