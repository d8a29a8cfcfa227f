"""What was learned from routings: operations, chances and times."""
