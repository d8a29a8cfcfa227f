"""The control plane: accounts, sessions, model versions, settings and their Watch stream; the only owner of durable state."""

from common.heap import keep_heaps_few

keep_heaps_few()
