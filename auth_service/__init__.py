"""The control plane: accounts, sessions, model versions, settings and their Watch stream; the only owner of durable state."""
