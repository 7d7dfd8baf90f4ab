"""What the model gets to see, one source a file."""
