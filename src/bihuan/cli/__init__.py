"""The ``bihuan`` command, above everything."""

from bihuan.cli.main import app, main

__all__ = ["app", "main"]
