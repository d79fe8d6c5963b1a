"""Front ends: the `rapporteur` command line and the Discord bot."""
