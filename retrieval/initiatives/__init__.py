"""Readout -> initiatives: what the parties announced, will do, continue, resume, support or ask for."""

from retrieval.initiatives.extraction import extract_initiatives

__all__ = ["extract_initiatives"]
