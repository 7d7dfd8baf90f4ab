"""From logits to text: sampling, speculation, stop rules, one run, scoring. Knows no prompt layout."""
