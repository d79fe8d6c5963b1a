"""The Chroma stores: the one package that imports chromadb.

Append-only, one collection per scope, one record per distinct embedded text; everything in them can be written
again from the ledger. The measured defects behind each choice: docs/architecture.md.
"""
