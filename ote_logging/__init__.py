"""Observability, traceability and evaluation inside standard-library logging."""
