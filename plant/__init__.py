"""The plant: its schema, settings and profiles. Imports neither grpc nor fastapi."""
