"""What is known of words, once: sentences, terms, dates, names of places, languages."""
