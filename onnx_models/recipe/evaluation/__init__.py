"""What a model is worth: each file measures one thing; `recipe.evaluation.evaluate` makes one table of them."""
