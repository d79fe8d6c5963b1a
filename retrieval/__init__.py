"""Everything that does not know Discord: parse, embed, store, retrieve, answer, verify."""
