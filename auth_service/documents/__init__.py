"""What people save: workspaces, routing groups, RSL groups, candidates, mapping profiles, and the blueprint of the pipeline."""
