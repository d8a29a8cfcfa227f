"""The gateway: translates the HTTP contract `/api/*` into gRPC calls and back. It owns nothing durable."""
