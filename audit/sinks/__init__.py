"""Followers of the log: each keeps a copy elsewhere, none is the record."""

from audit.sinks.port import Census, Countable, Delivery, Health, Shipment, Sink, SinkError

__all__ = ["Census", "Countable", "Delivery", "Health", "Shipment", "Sink", "SinkError"]
