"""Data only: the readouts that ship with the project. See README.md for their provenance."""
