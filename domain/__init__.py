"""The domain: features and their encoding, index engines, time statistics, prediction. Imports neither grpc nor fastapi."""
