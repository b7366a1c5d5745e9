"""What the streaming detectors mean, one reading at a time, as one would write it without arrays."""

import math
import statistics

from bihuan.sense.detect.usual import limit


class PlainThreshold:
    def __init__(self, rule):
        self.rule, self.raised, self.since = rule, False, None

    def judge(self, value, time):
        rule, side = self.rule, -1 if self.rule.is_below else 1
        if self.raised:
            is_open, wait = side * value <= side * rule.leave, rule.calm
        else:
            is_open, wait = side * value >= side * rule.enter, rule.lasting
        if not is_open:
            self.since = None
            return 0
        self.since = time if self.since is None else self.since
        if time - self.since < wait:
            return 0
        self.raised, self.since = not self.raised, None
        return 1 if self.raised else -1


class PlainRaised:
    """Raised while a condition holds."""

    def __init__(self, rule):
        self.rule, self.raised, self.last = rule, False, None

    def judge(self, value, time):
        before, self.raised = self.raised, self.holds(value, time)
        return int(self.raised) - int(before)


class PlainRate(PlainRaised):
    def holds(self, value, time):
        last, self.last = self.last, (value, time)
        if last is None or time - last[1] > self.rule.within:
            return False
        return abs(value - last[0]) > self.rule.most * (time - last[1])


class PlainFlat(PlainRaised):
    def holds(self, value, time):
        if self.last is None or abs(value - self.last[0]) > self.rule.within:
            self.last = (value, time)
            return False
        return time - self.last[1] >= self.rule.lasting


class PlainEwma(PlainRaised):
    def __init__(self, rule, quantile):
        super().__init__(rule)
        self.learned, self.quantile, self.drift, self.number, self.wait = [], quantile, 0.0, 0, 0

    def holds(self, value, time):  # noqa: ARG002
        rule = self.rule
        if len(self.learned) < rule.learned:
            self.learned.append(value)
            self.mean = statistics.fmean(self.learned)
            self.variance = statistics.variance(self.learned) if len(self.learned) > 1 else 0.0
            return False
        away = value - self.mean
        self.drift = (1 - rule.weight) * self.drift + rule.weight * away
        self.number += 1
        part = rule.weight / (2 - rule.weight) * (1 - (1 - rule.weight) ** (2 * self.number)) + 1 / rule.learned
        is_far = abs(self.drift) > self.quantile * max(math.sqrt(self.variance), rule.least) * math.sqrt(part)
        self.mean += rule.forget * away
        self.variance += rule.forget * (away * away - self.variance)
        self.wait = rule.calm + 1 if is_far else max(self.wait - 1, 0)
        return self.wait > 0


class PlainUsual(PlainRaised):
    def __init__(self, rule):
        super().__init__(rule)
        self.kept = {}

    def holds(self, value, time):
        hour = math.floor((time + self.rule.offset) / 3600)
        values, last = self.kept.setdefault(hour % 168, ([], [None]))
        is_far = False
        if len(values) == self.rule.kept:
            middle = statistics.median(values)
            mad = statistics.median(abs(one - middle) for one in values)
            is_far = abs(value - middle) > limit(self.rule.kept, self.rule.alpha) * max(mad, self.rule.least)
        if last[0] != hour:
            values.append(value)
            del values[: -self.rule.kept]
            last[0] = hour
        return is_far


class PlainSensor:
    """Codes and marks of one sensor's readings."""

    def __init__(self, rule, detectors):
        self.rule, self.detectors, self.newest = rule, detectors, -math.inf

    def take(self, value, time, now):
        code = self.code(value, time, now)
        if code not in {"good", "late"}:
            return code, [0] * len(self.detectors)
        self.newest = time
        return code, [one.judge(value, time) for one in self.detectors]

    def code(self, value, time, now):
        rule = self.rule
        if not (math.isfinite(value) and math.isfinite(time)):
            return "no_number"
        if not rule.low <= value <= rule.high:
            right = [(value - offset) / scale for scale, offset in rule.units]
            return "unit_wrong" if any(rule.low <= one <= rule.high for one in right) else "impossible"
        if time > now + rule.ahead:
            return "ahead"
        if time <= self.newest:
            return "duplicate" if time == self.newest else "out_of_order"
        return "late" if time < now - rule.late else "good"
