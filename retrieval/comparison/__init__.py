"""Readouts beside each other: series, paired paragraphs, a phrase through the years, an initiative's life."""
