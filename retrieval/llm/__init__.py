"""Language models and embedding models somewhere else, behind small types of our own; all of it optional."""
