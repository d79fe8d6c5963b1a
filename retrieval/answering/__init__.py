"""Question -> Answer: evidence, abstention, extractive answers, verification."""
