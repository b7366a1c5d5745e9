"""``python -m bihuan.cli``: the same as ``bihuan``."""

from bihuan.cli import main

main()
