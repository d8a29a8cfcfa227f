"""What auth_service tells every process: sessions, signing keys, plant settings, and the watch they follow."""
