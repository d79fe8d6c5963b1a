"""One file per thing a member can do."""
