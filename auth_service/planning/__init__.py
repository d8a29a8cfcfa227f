"""What planners save: workspaces, routing groups, candidates and their reviews."""
