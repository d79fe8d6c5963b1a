"""Keeping the vector index true to the ledger: opening, checking, adding, writing anew."""
