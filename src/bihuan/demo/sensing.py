"""What the demo district senses: rules of detectors and warnings, and a gauge's readings of last night's cloudburst.

The mark of the river is the one that reports give for Cuntan (寸滩). All else is made up.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from bihuan.desk import api

BASIS = "示范数据 demo data"
GAUGE, UNIT = "yz.yjj/gauge", "yz.yjj"
XIAOJIAWAN = "500103012013"
RAIN = (8.0, 19.0, 33.0, 46.0, 58.0, 61.0, 55.0, 44.0, 31.0, 17.0, 9.0, 6.0)  # mm in the hour before, every 10 minutes
DETECTORS: list[dict[str, Any]] = [
    {"detector": "threshold", "kind": "rain_1h", "enter": 40.0, "leave": 20.0},
    {"detector": "threshold", "kind": "water_level", "enter": 180.5, "leave": 180.2},
]
_ALIKE = {"hazard": "natural", "detector": "threshold", "basis": "重庆市防汛条例第22条", "case": "S0406"}
WARNINGS: list[dict[str, Any]] = [
    _ALIKE | {
        "group": "rain", "name": "短时强降雨积水", "name_en": "Flooding after a cloudburst", "kind": "rain_1h",
        "level": "IV", "issue": "self", "caution": "一小时雨量超过 40 毫米，下穿道和低洼处可能积水。",
        "measures": "排水抢险队到位；积水过车轮的下穿道先封闭。", "audience": "过往车辆、低洼处居民",
    },
    _ALIKE | {
        "group": "river", "name": "江河超警戒水位", "name_en": "River above its alert level", "kind": "water_level",
        "level": "III", "places": ["500103010", "500103007"], "caution": "寸滩水位超过 180.5 米，沿江低处可能上水。",
        "measures": "转移低处货物，封闭滨江路低洼路段，码头停航。", "audience": "沿江商户、码头、滨江路车辆",
    },
]  # fmt: skip


def load_rules() -> None:
    """From today on, where there are none yet."""
    day = api.now().astimezone(ZoneInfo(settings.ZONE)).date()
    if not api.signal_rules.versions(most=1):
        api.signal_rules.add(DETECTORS, starts=day, basis=BASIS, by="demo")
    if not api.warnings.rules_in_force().id:
        api.warnings.add_rules(WARNINGS, starts=day, basis=BASIS, by="demo")


def load_readings() -> int:
    """Last night's cloudburst, once; how many readings were new."""
    if api.signals.counts(GAUGE, datetime.min.replace(tzinfo=ZoneInfo("UTC"))).taken:
        return 0
    zone = ZoneInfo(settings.ZONE)
    night = datetime.combine(api.now().astimezone(zone).date(), time(3), zone)
    first = night if night + timedelta(hours=3) < api.now() else night - timedelta(days=1)
    lon, lat = 106.5168, 29.5405
    readings = [
        api.signals.Signal(
            "xiaojiawan", "rain_1h", first + timedelta(minutes=10 * at), value, "mm", XIAOJIAWAN, lon, lat
        )
        for at, value in enumerate(RAIN)
    ]
    return api.signals.keep(readings, source=GAUGE).taken
