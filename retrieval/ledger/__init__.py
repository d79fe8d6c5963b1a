"""The SQL truth: readouts, revisions, paragraphs, vectors, who changed what."""
