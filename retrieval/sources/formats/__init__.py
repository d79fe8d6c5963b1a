"""One reader a format: bytes -> lines."""
