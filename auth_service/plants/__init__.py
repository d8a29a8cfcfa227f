"""Which plant serves: the installation's own, or one that comes with the product."""
