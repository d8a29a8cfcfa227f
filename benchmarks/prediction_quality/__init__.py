"""How good predicted routings are: every method on the same held-out items of a generated catalogue, judged against its truth."""
