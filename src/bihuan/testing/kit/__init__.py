"""For whoever declares a scene: scaffold it (``new``), say everything that is wrong (``check``), explain it (``show``).

Manifest and tables are read without a database; no scene is imported, its ``rules.py`` is only parsed.
"""

from bihuan.testing.kit.check import check
from bihuan.testing.kit.find import Finding
from bihuan.testing.kit.new import CannotMake, scaffold
from bihuan.testing.kit.page import page
from bihuan.testing.kit.show import Part, explain

__all__ = ["CannotMake", "Finding", "Part", "check", "explain", "page", "scaffold"]
