"""Rulebooks for tests: one small and real, and any that the tables must be able to carry."""

from dataclasses import replace
from datetime import date

from hypothesis import strategies as st

from bihuan.desk.rulebook_problems import problems
from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Seal, Stage
from bihuan.kernel.rules import STAGE_CLOCKS, Category, ClockRule, LadderStep, Route, Rulebook, Step, complete


def book(**changes):
    handle = complete(ClockRule("handle", 6, Unit.HOUR, "样例"))
    made = Rulebook(
        scene="city",
        version="1",
        effective=date(2025, 1, 1),
        basis="样例规则",
        desks=("yz.zhzx",),
        clocks=tuple(complete(ClockRule(key, 2, Unit.OFFICE_HOUR, "样例")) for key in STAGE_CLOCKS),
        categories={"B0101": Category("B0101", "井盖", "Manhole cover", "缺损", "完好", "样例", clocks=(handle,))},
        routes=(Route("R1", "B", "500103", "yz.cgj", ("yz.p.gs",), "样例"),),
        steps={"stopped": Step("stopped", "停工", (Stage.WORKING,), "handler")},
        ladder=(LadderStep(75, "warn", "lead"),),
    )
    return replace(made, **changes)


# Every character that a cell may hold, the awkward ones often: quotes, separators, formula starts, escapes of XLSX.
AWKWARD = st.sampled_from(
    ["=1+1", "'=x", "''+", "@a", "-5", "a,b;c", 'say "x"', "两\n行", "_x0041_", "＝全角", "1.0", "是", "\t x"]
)
LETTERS = st.characters(exclude_categories=("Cc", "Cs"), include_characters="\n")
texts = st.one_of(AWKWARD, st.text(LETTERS, max_size=40)).map(str.strip)
needed_texts = texts.filter(bool)
keys = st.from_regex(r"[A-Za-z一-龥][0-9A-Za-z._:一-龥-]{0,11}", fullmatch=True)
few_keys = st.lists(keys, max_size=3).map(tuple)
wholes = st.integers(1, 9999)
units = st.sampled_from(sorted(Unit))


def clocks(key, moments):
    own = st.builds(
        ClockRule,
        key=key,
        amount=wholes,
        unit=units,
        basis=needed_texts,
        starts=st.sampled_from(moments),
        stops=st.lists(st.sampled_from(moments), min_size=1, max_size=3).map(tuple),
        per=st.sampled_from(["case", "assist"]),
        statutory=st.booleans(),
        extend=st.integers(0, 99),
        extend_by=keys,
        anew=st.booleans(),
        reminds=st.one_of(st.just(""), keys),
    )
    return own.map(complete)


def books():
    """Any rulebook that the kernel accepts."""
    return drawn_books().filter(lambda made: not problems(made))


@st.composite
def drawn_books(draw):
    steps = draw(st.dictionaries(keys, needed_texts, max_size=3))
    moments = ["registered", "dispatched", "answered", "closed", *(f"step:{key}" for key in steps)]
    codes = draw(st.lists(keys, max_size=4, unique=True))

    def rules(names):
        return tuple(draw(clocks(st.just(name), moments)) for name in names)

    own = st.lists(keys, max_size=2, unique=True)
    sought = st.tuples(st.sampled_from(["", *(code[:2] for code in codes)]), st.one_of(st.just(""), keys))
    routes = draw(st.dictionaries(sought, keys, max_size=4))
    return Rulebook(
        scene=draw(keys),
        version=draw(st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,10}", fullmatch=True)),
        effective=draw(st.dates(date(1970, 1, 1), date(2100, 1, 1))),
        basis=draw(needed_texts),
        desks=tuple(draw(st.lists(keys, min_size=1, max_size=3))),
        clocks=rules([*STAGE_CLOCKS, *draw(own.map(lambda found: [key for key in found if key not in STAGE_CLOCKS]))]),
        categories={
            code: Category(
                code,
                draw(needed_texts),
                draw(texts),
                draw(texts),
                draw(texts),
                draw(texts),
                draw(few_keys),
                rules(draw(own)),
                draw(st.sampled_from([None, *Seal])),
            )
            for code in codes
        },
        routes=tuple(
            Route(f"R{number}", category, place, lead, draw(few_keys), draw(texts))
            for number, ((category, place), lead) in enumerate(routes.items())
        ),
        steps={
            key: Step(
                key,
                name,
                tuple(draw(st.sets(st.sampled_from(list(Stage)[:7]), min_size=1))),
                draw(keys),
                needs=tuple(draw(st.lists(st.sampled_from(sorted(steps)), max_size=2))),
                requires=("routes", *draw(few_keys)),
                ends=draw(st.sampled_from(["", "declined"])),
                repeat=draw(st.booleans()),
                basis=draw(texts),
            )
            for key, name in steps.items()
        },
        ladder=tuple(
            LadderStep(percent, action, draw(keys))
            for percent, action in draw(
                st.dictionaries(st.integers(1, 300), st.sampled_from(["warn", "remind", "oversee"]), max_size=3)
            ).items()
        ),
        verifier=draw(st.one_of(st.just(""), keys)),
        proofs=draw(few_keys),
        followups=draw(st.lists(wholes, max_size=2).map(tuple)),
        seal=draw(st.sampled_from(Seal)),
        verify_by=draw(st.sampled_from(["person", "unit"])),
        sample=draw(st.booleans()),
        accept_on_register=draw(st.booleans()),
        dispatch_on_accept=draw(st.booleans()),
        returns_before_arbitration=draw(st.integers(0, 9)),
        arbiter=draw(st.one_of(st.just(""), keys)),
        outcomes=draw(few_keys),
    )
