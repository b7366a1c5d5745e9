"""English of the pages for residents."""

from __future__ import annotations

ENGLISH: dict[str, str] = {}
