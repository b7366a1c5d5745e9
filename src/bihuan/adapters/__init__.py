"""The outside, one module a system. Each knows the desk by ``desk.ports`` only."""
