"""How the model is instructed, and how its answers are read: templates, conversations, code and edits in answers.

Asks no model and checks nothing.
"""
