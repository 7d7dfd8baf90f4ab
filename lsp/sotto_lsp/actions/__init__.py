"""Code actions: what is offered where, what the model is asked for, what an answer must pass. Knows no client."""
