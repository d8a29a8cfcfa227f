"""The database: records, schema, backups and the audit log."""
