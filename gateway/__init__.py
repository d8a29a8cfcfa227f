"""The gateway: translates the HTTP contract `/api/*` into gRPC calls and back. It owns nothing durable."""

from common.heap import keep_heaps_few

keep_heaps_few()
