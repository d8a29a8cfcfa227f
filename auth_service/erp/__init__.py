"""The ERP interface: an outbox that outlives the process, and what hands its messages over."""
