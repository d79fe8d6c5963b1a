"""What members and admins can do, a file a subject."""
