"""Question -> Answer: analysis, selecting sentences, composing, conversation, checking."""
