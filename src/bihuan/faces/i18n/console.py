"""English of the pages for the console."""

from __future__ import annotations

ENGLISH: dict[str, str] = {}
