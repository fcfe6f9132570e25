"""Programs that others wrote, run unmodified under ote_logging: ``python -m tests.programs``."""
