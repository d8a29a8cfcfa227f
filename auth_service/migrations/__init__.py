"""The history of the database schema (Alembic). `schema.py` applies it."""
