"""Where an action works: from a cursor, a selection or a diagnostic to lines and holes. Runs no model."""
