"""From an answer's text to a change of the document that passes every check. Asks no model."""
