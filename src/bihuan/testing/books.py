"""Rulebooks small enough to read and real enough to try the loop on. Figures and articles are those of the law."""

from __future__ import annotations

from datetime import date

from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Seal, Stage
from bihuan.kernel.rules import Category, ClockRule, LadderStep, Route, Rulebook, Step, complete
from bihuan.testing import cast

AT_WORK = (Stage.DISPATCHED, Stage.WORKING)
CITY_BASIS = "GB/T 30428.8 立案、处置和结案"
PETITION_BASIS = "信访工作条例"


def stage_clocks(basis: str, **amounts: tuple[int, Unit]) -> tuple[ClockRule, ...]:
    """The four clocks of every scene: ``accept dispatch handle verify``, two office hours each unless named."""
    usual = (2, Unit.OFFICE_HOUR)
    return tuple(
        complete(ClockRule(key, *amounts.get(key, usual), basis, extend=5 if key == "handle" else 0))
        for key in ("accept", "dispatch", "handle", "verify")
    )


def city() -> Rulebook:
    """数字城管: a manhole, rubbish, and the building that must be stopped, punished and taken down."""
    day, hour = Unit.WORKING_DAY, Unit.OFFICE_HOUR
    illegal = (
        ClockRule("stop", 4, hour, CITY_BASIS, "dispatched", ("step:stopped", "declined")),
        ClockRule("punish", 7, day, CITY_BASIS, "dispatched", ("step:punished", "declined")),
        ClockRule("demolish", 20, day, CITY_BASIS, "dispatched", ("step:demolished", "declined")),
        complete(ClockRule("handle", 20, day, CITY_BASIS)),
    )
    categories = (
        Category("manhole", "井盖缺损", "manhole", proofs=("photo_after",), basis=CITY_BASIS),
        Category("rubbish", "暴露垃圾", "rubbish", basis=CITY_BASIS),
        Category("illegal", "私搭乱建", "illegal building", clocks=illegal, basis=CITY_BASIS),
    )
    return Rulebook(
        scene="city",
        version="city-2025",
        effective=date(2025, 1, 1),
        basis=CITY_BASIS,
        desks=(cast.CENTRE,),
        clocks=(
            *stage_clocks(CITY_BASIS, handle=(3, day), verify=(1, day)),
            ClockRule("assist", 2, day, CITY_BASIS, "dispatched", ("answered", "declined"), per="assist"),
        ),
        categories={category.code: category for category in categories},
        routes=(
            Route("all", "", "", cast.CHENGGUAN, basis="城市管理职责清单"),
            Route("manhole-river", "manhole", "0103-013", cast.ZHUJIAN, basis="排水管理分工"),
        ),
        steps={
            "stopped": Step("stopped", "停工", AT_WORK, "handler"),
            "punished": Step("punished", "处罚", AT_WORK, "handler", needs=("stopped",)),
            "demolished": Step("demolished", "拆除", AT_WORK, "handler", needs=("punished",)),
        },
        ladder=(
            LadderStep(50, "warn", "lead"),
            LadderStep(80, "remind", "head"),
            LadderStep(120, "oversee", "oversight"),
        ),
        verifier=cast.SUPERVISION,
        followups=(30, 90),
        arbiter=cast.GOVERNMENT,
    )


def _petition_clocks() -> tuple[ClockRule, ...]:
    day, working = Unit.CALENDAR_DAY, Unit.WORKING_DAY
    told, finish = f"{PETITION_BASIS} 23", f"{PETITION_BASIS} 34"
    admitted = "step:admitted"
    return (
        # Handling: what articles 23 and 34 allow at the very most, 15 days to notify, 60 to finish, 30 more.
        *stage_clocks(
            f"{PETITION_BASIS} 22", accept=(15, day), dispatch=(15, day), handle=(105, day), verify=(15, day)
        ),
        ClockRule("objection", 5, working, told, "dispatched", ("objected", admitted, "answered"), anew=True),
        ClockRule("notice", 15, day, told, "dispatched", (admitted, "returned"), anew=True, statutory=True),
        ClockRule("finish", 60, day, finish, admitted, ("answered", "declined"), statutory=True, extend=30),
    )


def petitions() -> Rulebook:
    """信访: the dates of articles 22, 23 and 34; an accusation goes to discipline, sealed."""
    categories = (
        Category("claim", "申诉求决", "claim"),
        Category("accusation", "检举控告", "accusation", seal=Seal.L3),
    )
    return Rulebook(
        scene="petitions",
        version="petitions-2022",
        effective=date(2022, 5, 1),
        basis=f"{PETITION_BASIS} 36",
        desks=(cast.PETITIONS, cast.DISCIPLINE),
        clocks=_petition_clocks(),
        categories={category.code: category for category in categories},
        routes=(
            Route("claims", "claim", "", cast.STREET, basis=f"{PETITION_BASIS} 22"),
            Route("accusations", "accusation", "", cast.DISCIPLINE, basis=f"{PETITION_BASIS} 30"),
        ),
        steps={
            "admitted": Step(
                "admitted",
                "受理告知",
                AT_WORK,
                "handler",
                requires=("letter",),
                repeat=True,
                basis=f"{PETITION_BASIS} 23",
            )
        },
        seal=Seal.L2,
        proofs=("opinion",),
        outcomes=("supported", "explained", "rejected"),
        followups=(30, 90),
    )


def mediation() -> Rulebook:
    """人民调解: only with both; a clear refusal ends it and tells the routes; thirty days to have it confirmed."""
    basis = "人民调解法"
    confirm = ClockRule(
        "confirm",
        30,
        Unit.CALENDAR_DAY,
        f"{basis} 33",
        "step:agreed",
        ("step:confirmed", "reopened"),
        reminds=cast.MEDIATION,
    )
    return Rulebook(
        scene="mediation",
        version="mediation-2011",
        effective=date(2011, 1, 1),
        basis=basis,
        desks=(cast.COMMUNITY, cast.MEDIATION),
        clocks=(*stage_clocks(basis, handle=(30, Unit.CALENDAR_DAY)), confirm),
        categories={"neighbours": Category("neighbours", "邻里纠纷", "neighbours")},
        routes=(Route("all", "", "", cast.MEDIATION, basis=f"{basis} 8"),),
        steps={
            "consented": Step("consented", "双方同意", AT_WORK, "handler", blocked_by=("refused",), basis=basis),
            "refused": Step(
                "refused", "一方拒绝", AT_WORK, "handler", requires=("routes",), blocked_by=("agreed",),
                ends="declined", basis=f"{basis} 17, 26",
            ),
            "agreed": Step(
                "agreed", "达成协议", AT_WORK, "handler", ("consented",), ("agreement",), ("refused",),
                basis=f"{basis} 29",
            ),
            "confirmed": Step(
                "confirmed", "司法确认", (*AT_WORK, Stage.ANSWERED, Stage.VERIFYING, Stage.CLOSED), "handler",
                ("agreed",), basis=f"{basis} 33",
            ),
        },
        seal=Seal.L2,
        verify_by="person",
        outcomes=("agreed", "ended"),
    )  # fmt: skip


def care() -> Rulebook:
    """个案: sealed from the first second, held by people who may not tell."""
    return Rulebook(
        scene="care",
        version="care-2021",
        effective=date(2021, 6, 1),
        basis="MZ/T 094-2017",
        desks=(cast.CARE,),
        clocks=stage_clocks("MZ/T 094-2017", handle=(90, Unit.CALENDAR_DAY)),
        categories={"child": Category("child", "未成年人个案", "child", seal=Seal.L3)},
        routes=(Route("all", "", "", cast.CARE, basis="MZ/T 094-2017"),),
        seal=Seal.L2,
        verify_by="person",
        accept_on_register=True,
        dispatch_on_accept=True,
    )


def projects() -> Rulebook:
    """四个一批: a renewal project whose demolition may have to wait for a wall."""
    return Rulebook(
        scene="projects",
        version="projects-2025",
        effective=date(2025, 1, 1),
        basis="政府投资条例",
        desks=(cast.CENTRE,),
        clocks=stage_clocks("政府投资条例", handle=(180, Unit.CALENDAR_DAY)),
        categories={"renewal": Category("renewal", "老旧小区改造", "renewal")},
        routes=(Route("all", "", "", cast.ZHUJIAN, basis="政府投资条例"),),
        accept_on_register=True,
        dispatch_on_accept=True,
    )
