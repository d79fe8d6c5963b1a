"""Bytes -> Readout: recognising formats, reading text, finding paragraph numbers."""
