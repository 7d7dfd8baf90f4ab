"""From text to token ids: FIM families, chat format, tokenizer, windows, healing. Knows no model and no cache."""
