"""What is wrong with a rulebook that comes in, whichever way it came. Pure: nothing is read, nothing is stored."""

from __future__ import annotations

from bihuan.kernel.rules import STAGE_CLOCKS, ClockRule, Rulebook


def problems(book: Rulebook) -> list[str]:
    """What is wrong with a rulebook, in words that say where; empty when it may be used."""
    missing = STAGE_CLOCKS.keys() - {rule.key for rule in book.clocks}
    found = [f"clocks: '{key}' is missing; every scene needs it (law 3)" for key in sorted(missing)]
    if not book.desks:
        found.append("desks: name at least one triage desk (law 2)")
    places = [("clocks", rule) for rule in book.clocks]
    places += [(f"category {c.code}", rule) for c in book.categories.values() for rule in c.clocks]
    for where, rule in places:
        found += [f"{where}, clock '{rule.key}': {what}" for what in _clock_problems(rule, book)]
    seen: set[tuple[str, str]] = set()
    for route in book.routes:
        if (route.category, route.place) in seen:
            found.append(f"routes: '{route.key}' repeats category '{route.category}' and place '{route.place}'")
        seen.add((route.category, route.place))
        if not route.lead:
            found.append(f"routes: '{route.key}' names no lead unit (law 2)")
    for step in book.steps.values():
        found += [f"step '{step.key}': needs unknown step '{n}'" for n in step.needs if n not in book.steps]
        if step.ends == "declined" and "routes" not in step.requires:
            found.append(f"step '{step.key}': it ends the case, so it must require 'routes' (law 1)")
    return found


def _clock_problems(rule: ClockRule, book: Rulebook) -> list[str]:
    named = [moment[5:] for moment in (rule.starts, *rule.stops) if moment.startswith("step:")]
    ends = [book.steps[moment[5:]] for moment in rule.stops if moment[5:] in book.steps]
    is_stuck = rule.anew and ends and "answered" not in rule.stops and not any(step.repeat for step in ends)
    fixed = STAGE_CLOCKS.get(rule.key)
    wrong = {
        "the amount must be above 0": rule.amount <= 0,
        "name the legal basis": not rule.basis,
        "say at which moment it starts": not rule.starts,
        "say at which moment it stops": not rule.stops,
        "its start and stop are fixed by the kernel; leave them out": fixed and (rule.starts, rule.stops) != fixed,
        "it names a step that the scene does not have": any(key not in book.steps for key in named),
        "it begins anew, but none of its steps may be taken again (law 4)": is_stuck,
    }
    return [what for what, is_wrong in wrong.items() if is_wrong]
