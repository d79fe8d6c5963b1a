"""Ledger -> searchable: encoder, vector store, lexical index, fusion."""
