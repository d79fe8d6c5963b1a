"""`rapporteur serve`: a read-only HTTP API and a reading room over the shared readouts."""
