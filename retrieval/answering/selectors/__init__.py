"""Which sentences answer: the shipped selector, and a language model as one. Nothing else decides what is shown."""
