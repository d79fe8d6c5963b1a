"""A question -> the live paragraphs that bear on it; and looking things up without asking."""
