"""What HTTP bodies look like, one module an area; OpenAPI is made from these."""
