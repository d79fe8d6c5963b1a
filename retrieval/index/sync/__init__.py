"""Keeping the vector index true to the ledger: opening, checking, adding, writing anew.

A commit needs the ledger alone: what it brings is scanned exactly beside every query until the vector index
holds it, so an ingest waits for nobody and is never half visible. The index catches up when somebody can own it:
`embedded.py` where it is a folder of this machine, `remote.py` where it is a server that several hosts use.
"""
