"""What is known of a place, and what fits there: an edit that keeps the file whole, or silence."""
