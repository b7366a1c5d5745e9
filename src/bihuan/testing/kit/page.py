"""A scene as one HTML page with its loop drawn; no script, nothing from outside."""

from __future__ import annotations

from html import escape

from bihuan.kernel.case import Stage
from bihuan.kernel.rules import Rulebook
from bihuan.scenes.manifest import SceneInfo
from bihuan.testing.kit.show import STAGES, UNITS, Language, Name, explain

STEP, TOP = 118, 76
STYLE = """body{font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;max-width:58rem;margin:2rem auto;padding:0 1rem;
color:#1c2b33;background:#fff}h1{font-size:1.5rem}h2{font-size:1.1rem;margin:1.6rem 0 .3rem}ul{margin:.2rem 0;
padding-left:1.2rem}svg{width:100%;height:auto}rect{fill:#eef4f7;stroke:#2b5a72}rect.end{fill:#2b5a72}
text{font-size:13px;text-anchor:middle;fill:#1c2b33}text.end{fill:#fff}text.small{font-size:11px;fill:#51636d}
path{fill:none;stroke:#2b5a72;stroke-width:1.5}@media(prefers-color-scheme:dark){body{background:#12191d;color:#dde6ea}
rect{fill:#1d2a31}text{fill:#dde6ea}text.small{fill:#9fb1ba}}"""


def page(info: SceneInfo, book: Rulebook, language: Language = "zh", unit: Name = str) -> str:
    parts = explain(info, book, language, unit)
    body = [f"<h1>{escape(parts[0].title)}</h1>", *(f"<p>{escape(line)}</p>" for line in parts[0].lines)]
    body.append(drawing(info, book, language))
    for part in parts[1:]:
        rows = "".join(f"<li>{escape(line)}</li>" for line in part.lines)
        body.append(f"<h2>{escape(part.title)}</h2>\n<ul>{rows}</ul>")
    tag, title = "zh-Hans" if language == "zh" else "en", escape(parts[0].title)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    head += f"<style>{STYLE}</style>"
    return f'<!doctype html>\n<html lang="{tag}"><head>{head}</head>\n<body>{"".join(body)}</body></html>\n'


def drawing(info: SceneInfo, book: Rulebook, language: Language) -> str:
    """The seven stages in a row, the scene's steps below the stage they belong to, the way back above."""
    at = 0 if language == "zh" else 1
    below = {stage: [s.key for s in book.steps.values() if s.stages[0] is stage] for stage in STAGES}
    height = TOP + 60 + 18 * max((len(keys) for keys in below.values()), default=0)
    width = STEP * len(STAGES) + 30
    title = escape((info.name, info.name_en)[at])
    drawn = [f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}">']
    for number, (stage, words) in enumerate(STAGES.items()):
        left = 12 + number * STEP
        middle, end = left + 46, ' class="end"' if stage is Stage.CLOSED else ""
        drawn.append(f'<rect{end} x="{left}" y="{TOP - 30}" width="92" height="40" rx="8"/>')
        drawn.append(f'<text{end} x="{middle}" y="{TOP - 5}">{words[at]}</text>')
        rule = next((rule for rule in book.clocks if rule.key == words[2]), None)
        if rule is not None:
            drawn.append(f'<text class="small" x="{middle}" y="{TOP + 26}">{rule.amount} {UNITS[rule.unit][at]}</text>')
        if number:
            drawn.append(f'<path d="M{left - 24} {TOP - 10}h20m-6 -5l6 5l-6 5"/>')
        for row, key in enumerate(below[stage]):
            drawn.append(_line(middle, TOP + 48 + 18 * row, info.word("steps", key, language)))
    back = ("返工、异议,重新办", "rework or dispute: back to the lead")[at]
    first, last = 12 + 3 * STEP + 46, 12 + 5 * STEP + 46
    drawn.append(f'<path d="M{last} {TOP - 32}C{last} 12 {first} 12 {first} {TOP - 34}m-5 -6l5 6l5 -6"/>')
    drawn.append(f'<text class="small" x="{(first + last) // 2}" y="16">{back}</text></svg>')
    return "".join(drawn)


def _line(middle: int, y: int, text: str) -> str:
    short = text if len(text) <= 18 else f"{text[:17]}…"
    return f'<text class="small" x="{middle}" y="{y}">{escape(short)}</text>'
