"""Managing readouts from Discord: previews, jobs and who is told, bounds, and servers that were left."""
