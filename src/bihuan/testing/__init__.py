"""For scene authors: given/when/then, a cast of named people, rulebooks to try things on. Kernel only, no database."""

from bihuan.testing.story import Story, given

__all__ = ["Story", "given"]
