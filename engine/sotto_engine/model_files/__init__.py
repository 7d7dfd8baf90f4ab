"""What a model is on disk: manifest, exports, external weights, and the user's cache folder. Runs nothing."""
