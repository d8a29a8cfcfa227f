"""Messages of the services to JSON and back, one module an area."""
