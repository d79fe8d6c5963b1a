"""Answers that a language model writes and that are shown only as far as their every citation holds."""
