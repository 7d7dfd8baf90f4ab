"""What a model is worth: each file measures one thing; `recipe.evaluate` makes one table of them."""
