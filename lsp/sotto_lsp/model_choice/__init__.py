"""The choice of a model from the editor: lists, the switch, one added in a process of its own. No model runs here."""
