"""The user's own models: kept in a folder of the user's data, checked, prepared, chosen by name."""
