"""Every scene inherits the suite: nothing to write here when one is added."""

from bihuan.testing.conformance import Conformance


class TestConformance(Conformance):
    pass
