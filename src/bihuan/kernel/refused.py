"""The one way the loop says no."""

from __future__ import annotations


class Refused(Exception):
    """An expected refusal: stable ``code``, the ``law`` of the loop or the ``rule`` it rests on, facts for the words.

    ``decide`` returns it; the desk raises it; every door turns it into the same words (``docs/reference/refusals.md``).
    """

    def __init__(self, code: str, *, law: int | None = None, rule: str = "", **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.law = law
        self.rule = rule
        self.facts = facts

    def __str__(self) -> str:
        parts = [self.code]
        if self.law is not None:
            parts.append(f"law {self.law}")
        if self.rule:
            parts.append(self.rule)
        parts += [f"{key}={value}" for key, value in self.facts.items()]
        return "; ".join(parts)
