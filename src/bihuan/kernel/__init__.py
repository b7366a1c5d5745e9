"""The loop itself: ``decide``, ``evolve``, ``due``. Pure Python: no clock, no chance, no I/O."""

from bihuan.kernel.decide import decide
from bihuan.kernel.due import due
from bihuan.kernel.evolve import evolve, fold
from bihuan.kernel.refused import Refused

__all__ = ["Refused", "decide", "due", "evolve", "fold"]
