"""What may be read and said: which files are left alone, what is a secret, who is named. Knows no model."""
