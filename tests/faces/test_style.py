"""One small sheet, readable colours, nothing inline and nothing from outside."""

import re
from pathlib import Path

import pytest

import bihuan.faces

FACES = Path(bihuan.faces.__file__).parent
SHEET = (FACES / "static" / "faces" / "style.css").read_text(encoding="utf-8")
TEMPLATES = sorted((FACES / "templates").rglob("*.html"))
READ_ON = {
    "ink": ("paper", "card", "accent-soft", "good-soft", "warn-soft", "bad-soft"),
    "soft": ("paper", "card"),
    "accent": ("paper", "card", "accent-soft"),
    "accent-ink": ("accent",),
    "good": ("card", "good-soft"),
    "warn": ("card", "warn-soft"),
    "bad": ("paper", "card", "bad-soft"),
}


def tokens(block):
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))


LIGHT = tokens(SHEET.split("@media (prefers-color-scheme: dark)")[0])
DARK = tokens(SHEET.split("@media (prefers-color-scheme: dark)")[1].split("\n}\n")[0])


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(d * 2 for d in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_reckoned_as_wcag_does():
    assert round(contrast("#000", "#fff"), 1) == 21.0
    assert round(contrast("#777777", "#fff"), 2) == 4.48


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa(theme):
    weak = [
        (ink, paper, round(contrast(theme[ink], theme[paper]), 2))
        for ink, papers in READ_ON.items()
        for paper in papers
        if contrast(theme[ink], theme[paper]) < 4.5
    ]
    assert weak == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_borders_of_fields_can_be_seen(theme):
    assert contrast(theme["line-strong"], theme["card"]) >= 3


def test_the_sheet_is_small():
    assert len(SHEET.encode()) < 15_000


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_nothing_is_inline_and_nothing_comes_from_outside(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)


def test_the_policy_allows_no_inline_script_or_style(district):
    policy = district.client().get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
