"""Answers that are found without the model: by one sign, one keyword, one name. The model only weighs them."""
