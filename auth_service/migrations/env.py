"""Runs the migrations on the connection that `auth_service.store.schema` hands over, in one transaction."""

from alembic import context

from auth_service.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata(),
    render_as_batch=True,
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
