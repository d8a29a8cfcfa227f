"""RSL groups: steps, rules, release, and their import and export."""
