"""The `rapporteur` command line: commands, their text and their JSON."""
