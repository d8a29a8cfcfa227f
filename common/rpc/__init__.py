"""gRPC for all services: one way to serve, one way to call, one translation of errors."""
