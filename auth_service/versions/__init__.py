"""Model versions: registering, adopting, verifying and activating them."""
