"""Thousands of histories, walked by moves that are legal where they are made; the laws are asked at every step.

``HISTORIES=10000 pytest tests/kernel/test_histories.py`` walks that many; without it 150, always the same.
"""

import os
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from bihuan.kernel import commands as c
from bihuan.kernel import due, fold, laws
from bihuan.kernel.case import Note, Proof, Seal, Stage
from bihuan.kernel.refused import Refused
from bihuan.testing import books, cast, given
from bihuan.testing.cast import Person
from bihuan.testing.ending import close_somehow, go_on

UNITS = (cast.CHENGGUAN, cast.ZHUJIAN, cast.STREET, cast.COMMUNITY)
PEOPLE = tuple(value for value in vars(cast).values() if isinstance(value, Person))
REASON, RULE = "理由", "依据"
AT_WORK = {Stage.DISPATCHED, Stage.WORKING}
VERIFYING = {Stage.ANSWERED, Stage.VERIFYING}
BOOKS = {"city": books.city(), "petitions": books.petitions(), "care": books.care()}

seen: Counter[str] = Counter()
"""What all walks together have reached: kinds of events, stages at the end, refusals."""

which = st.integers(0, 1)
pick = st.integers(0, 50)
depth = st.integers(0, 4)
seldom = st.integers(0, 3)
hours = st.integers(0, 24 * 20)


def post(unit, *roles):
    """Somebody of this unit who may do this."""
    return Person(f"{unit}-{'-'.join(roles)}", unit, frozenset(roles))


class Histories(RuleBasedStateMachine):
    """Two cases of one scene. ``at`` picks one of those that the move is legal for."""

    def __init__(self):
        super().__init__()
        self.cases = []

    # -- who and where ------------------------------------------------------------------------------------------

    def among(self, stages, at):
        found = [case for case in self.cases if case.state.stage in stages]
        return found[at % len(found)] if found else None

    def desk(self, case):
        return post(case.state.desk, "triage", "dispatcher")

    def do(self, case, command, by, **facts):
        case.when(command, by=by, **facts)
        if isinstance(case.answer, Refused):
            seen[f"refused: {case.answer.code}"] += 1
        else:
            seen.update(type(event).__name__ for event in case.answer)

    @initialize(book=st.sampled_from(sorted(BOOKS)), is_barred=st.booleans(), at=pick, far=st.tuples(depth, depth))
    def report_twice(self, book, is_barred, at, far):
        """Two reports, each already some way through."""
        for number, person in ((1, cast.LIN), (2, cast.HE)):
            case = given(BOOKS[book])
            case.folds = False
            kinds = sorted(case.rules.book.categories)
            more = {"barred": (cast.COMMUNITY,)} if is_barred and number == 1 else {}
            case.reported(kinds[at % len(kinds)], by=person, number=number, receipt=f"r{number}", **more)
            self.cases.append(case)
            for _ in range(far[number - 1]):
                go_on(case)

    @precondition(lambda self: any(k.state.is_open for k in self.cases))
    @rule(span=hours)
    def time_passes(self, span):
        for case in self.cases:
            case.after(hours=span)
            self.do(case, c.Tick(), cast.SYSTEM)
            at = due(case.state)
            assert at is None or at > case.now

    # -- the way through ----------------------------------------------------------------------------------------

    @precondition(lambda self: self.among({Stage.REGISTERED}, 0))
    @rule(at=which, declines=st.booleans())
    def accept_or_decline(self, at, declines):
        case = self.among({Stage.REGISTERED}, at)
        command = c.Decline(REASON, RULE, "法院") if declines else c.Accept()
        self.do(case, command, self.desk(case))

    @precondition(lambda self: self.among({Stage.ACCEPTED}, 0))
    @rule(at=which, lead=st.sampled_from(UNITS), assists=st.lists(st.sampled_from(UNITS), max_size=2))
    def dispatch(self, at, lead, assists):
        case = self.among({Stage.ACCEPTED}, at)
        self.do(case, c.Dispatch(lead, tuple(assists), REASON), self.desk(case))
        if isinstance(case.answer, Refused) and case.answer.code == "arbitration-needed":
            self.do(case, c.Dispatch(lead, tuple(assists), REASON), cast.ARBITER)

    @precondition(lambda self: self.among(AT_WORK, 0))
    @rule(at=which, n=pick, how=st.sampled_from(["take", "arrive", "release", "cancel"]))
    def work(self, at, n, how):
        case = self.among(AT_WORK, at)
        task = case.state.tasks[n % len(case.state.tasks)]
        by = self.worker(task)
        moves = {
            "take": (c.TakeTask(task.id), by),
            "arrive": (c.ArriveAtTask(task.id), by),
            "release": (c.ReleaseTask(task.id, REASON), by),
            "cancel": (c.CancelTask(task.id, REASON), self.desk(case)),
        }
        self.do(case, *moves[how])

    def worker(self, task):
        roles = frozenset({"volunteer"} if task.claimed else {"handler", "head"})
        return Person(task.takers[0] if task.takers else f"{task.unit}-worker", task.unit, roles)

    @precondition(lambda self: self.among(AT_WORK, 0))
    @rule(
        at=which,
        n=pick,
        unit=st.sampled_from(UNITS),
        kind=st.sampled_from(["handle", "demolish"]),
        claimed=st.booleans(),
    )
    def ask_for_help(self, at, n, unit, kind, claimed):
        case = self.among(AT_WORK, at)
        last = case.state.tasks[-1]
        needs = (last.id,) if n % 3 == 0 and last.role is not case.state.tasks[0].role else ()
        command = c.AddTask(unit, kind, claimed=claimed, capacity=1 + n % 2, needs=needs)
        self.do(case, command, post(case.state.lead, "handler"))

    @precondition(lambda self: self.among(AT_WORK, 0))
    @rule(at=which, late=st.integers(0, 48))
    def finish_what_is_open(self, at, late):
        """Helpers first, then the lead; told up to two days later than it happened."""
        case = self.among(AT_WORK, at)
        for step in case.rules.book.steps.values():
            self.do(case, c.TakeStep(step.key, (("letter", "l"),)), post(case.state.lead, "handler"))
        task = next((t for t in reversed(case.state.tasks) if t.is_open), None)
        if task is None:
            return
        told = case.now
        case.now = max(case.state.opened, told - timedelta(hours=late))
        proofs = tuple(
            Proof(kind, f"p{case.state.version}") for kind in case.rules.book.proofs_for(case.state.category)
        )
        self.do(case, c.FinishTask(task.id, proofs), self.worker(task), open_children=False)
        case.now = told

    @precondition(lambda self: any(k.state.is_open for k in self.cases))
    @rule(at=which)
    def go_on(self, at):
        found = [case for case in self.cases if case.state.is_open]
        case = found[at % len(found)]
        before = len(case.history)
        go_on(case)
        seen.update(type(one.event).__name__ for one in case.history[before:])

    @precondition(lambda self: self.among(AT_WORK, 0))
    @rule(at=which, n=pick)
    def object(self, at, n):
        case = self.among(AT_WORK, at)
        task = case.state.tasks[n % len(case.state.tasks)]
        self.do(case, c.ReturnTask(task.id, REASON, RULE), self.worker(replace(task, claimed=False)))

    @precondition(lambda self: self.among(VERIFYING, 0))
    @rule(at=which, accepts=st.booleans(), to=st.sampled_from(UNITS))
    def verify(self, at, accepts, to):
        case = self.among(VERIFYING, at)
        verifier = post(case.state.verifier_unit or case.state.desk, "verifier")
        outcome = (*case.rules.book.outcomes, "")[0]
        self.do(case, c.Verify(accepts, REASON, outcome), verifier)
        if isinstance(case.answer, Refused):
            self.do(case, c.SendToVerify(to), self.desk(case))

    @precondition(lambda self: self.among({Stage.CLOSED, Stage.ARCHIVED, Stage.DECLINED}, 0))
    @rule(at=which, disputes=st.booleans(), settled=st.booleans())
    def look_back(self, at, disputes, settled):
        case = self.among({Stage.CLOSED, Stage.ARCHIVED, Stage.DECLINED}, at)
        if disputes:
            self.do(case, c.Dispute(REASON), cast.LIN if case.state.reporter == cast.LIN.name else cast.HE)
            return
        clock = next((clock.id for clock in case.state.clocks if clock.is_ticking), "")
        self.do(case, c.FollowUp(clock, settled, REASON), post(case.state.desk, "verifier"))
        self.do(case, c.Archive(), cast.FENG)

    # -- waiting ------------------------------------------------------------------------------------------------

    @precondition(lambda self: any(k.state.is_open for k in self.cases))
    @rule(at=which, n=pick, kind=st.sampled_from(["pause", "extend", "seal", "resume"]), span=st.integers(1, 400))
    def ask(self, at, n, kind, span):
        case = self.cases[at]
        ticking = [k.id for k in case.state.clocks if k.is_ticking and (k.extend or kind != "extend")]
        clock = ticking[n % len(ticking)] if ticking else ""
        commands = {
            "pause": c.AskPause(clock, case.now + timedelta(hours=span), REASON),
            "extend": c.AskExtend(clock, 1 + n % 5, REASON),
            "seal": c.AskSeal(Seal.L0, REASON),
            "resume": c.Resume(clock, REASON),
        }
        self.do(case, commands[kind], post(case.state.lead, "handler"))
        if not isinstance(case.answer, Refused) and kind != "resume" and span % 2:
            self.do(case, c.Grant(len(case.state.requests)), post(case.state.lead, "head"))

    @precondition(lambda self: any(r.is_open for k in self.cases for r in k.state.requests))
    @rule(n=pick, denies=seldom)
    def settle(self, n, denies):
        found = [(case, r) for case in self.cases for r in case.state.requests if r.is_open]
        case, request = found[n % len(found)]
        by = self.desk(case) if request.kind == "return" else post(case.state.lead, "head")
        self.do(case, c.Deny(request.id, REASON) if denies == 1 else c.Grant(request.id), by)

    @precondition(lambda self: any(k.state.is_open for k in self.cases))
    @rule(at=which, n=seldom, on=st.sampled_from(["dig", "handle", "*"]))
    def hold(self, at, n, on):
        command = c.LiftHold("clue", REASON) if n else c.LayHold("clue", on, REASON, RULE)
        self.do(self.cases[at], command, cast.KE)

    # -- two cases ----------------------------------------------------------------------------------------------

    @precondition(lambda self: all(k.state.is_open for k in self.cases))
    @rule(at=which, n=seldom)
    def merge(self, at, n):
        if n > 1:
            return
        lead, other = self.cases[at], self.cases[1 - at]
        absorb = c.hand_over("other", other.state)
        lead.now = other.now = max(lead.now, other.now)
        before = lead.state.version, other.state.version
        lead.when(absorb, by=self.desk(lead))
        if isinstance(lead.answer, Refused):
            seen[f"refused: {lead.answer.code}"] += 1
            assert (lead.state.version, other.state.version) == before
            return
        seen.update(type(event).__name__ for event in lead.answer)
        self.do(other, c.MergeInto("lead", lead.state.seal), self.desk(other))
        assert other.state.stage is Stage.MERGED
        assert set(other.state.receipts) <= set(lead.state.receipts)
        assert lead.state.seal >= other.state.seal or lead.state.seal == other.state.seal

    @precondition(lambda self: self.among({Stage.MERGED}, 0))
    @rule()
    def unmerge(self):
        other = self.among({Stage.MERGED}, 0)
        lead = self.cases[1 - self.cases.index(other)]
        brought = c.hand_over("other", other.state)
        self.do(other, c.Unmerge(REASON), self.desk(other))
        self.do(lead, c.Part("other", brought.receipts, brought.reporters), self.desk(lead))
        assert set(other.state.receipts).isdisjoint(lead.state.receipts)

    # -- anybody, anything --------------------------------------------------------------------------------------

    @rule(at=which, n=pick, by=st.sampled_from(PEOPLE))
    def anybody_tries_anything(self, at, n, by):
        """Mostly refused; whatever is allowed must keep the laws, and whatever is refused must add nothing."""
        commands = (
            c.Accept("新"), c.Decline(REASON, RULE, "法院"), c.Dispatch(by.unit, (), REASON), c.AddTask(by.unit),
            c.TakeTask(1), c.ReleaseTask(1, REASON), c.FinishTask(1), c.CancelTask(1, REASON), c.SendToVerify(by.unit),
            c.Verify(accept=True, outcome="supported"), c.Verify(accept=False, reason=REASON), c.Dispute(REASON),
            c.Verify(accept=True, how="reporter", outcome="supported"), c.Archive(), c.Grant(1), c.Deny(1, REASON),
            c.AddChild("child"), c.Reseal(Seal.L3, RULE), c.AskSeal(Seal.L1, REASON), c.AddNote(Note("work", "n")),
            c.AddProof(Proof("photo_after", "p")), c.NameChampion("某"), c.Oversee("remind", "", REASON), c.Tick(),
            c.Recompute(), c.Recategorise("rubbish", REASON),
        )  # fmt: skip
        case, command = self.cases[at], commands[n % len(commands)]
        before = case.state
        self.do(case, command, by)
        if isinstance(case.answer, Refused):
            assert case.state is before

    @rule(at=which, by=st.sampled_from(PEOPLE))
    def press_the_red_button(self, at, by):
        case = self.cases[at]
        self.do(case, c.ReportByLaw("harm", ("police",), "n", RULE), by)
        assert not isinstance(case.answer, Refused) or by.unit in case.state.barred

    def teardown(self):
        for case in self.cases:
            assert fold(case.history) == case.state
            assert laws.holds(case.state) == []
            seen[f"stage: {case.state.stage}"] += 1
            if case.state.is_open:
                close_somehow(case)
                assert case.state.stage is Stage.CLOSED
                seen["closed in the end"] += 1


WANTED = (
    "Absorbed Accepted Answered Asked Closed ClockBroken ClockPaused ClockResumed Dispatched Disputed Escalated Granted"
    " HoldLaid Merged Parted Reopened ReportedByLaw Resealed Reworked SentToVerify StepTaken TaskFinished TaskTaken"
    " Unmerged"
)
RARER = (
    " Archived ClockExtended ClockTightened ClockWarned Declined Denied FollowedUp HoldLifted TaskArrived TaskCancelled"
    " TaskReleased TaskReopened TaskReturned"
)
"""Only long walks are sure to come here."""


def test_no_legal_history_breaks_a_law_and_every_open_case_can_still_be_closed():
    asked = int(os.environ.get("HISTORIES", "0"))
    seen.clear()
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=asked or 150,
            derandomize=not asked,
            database=None,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    wanted = WANTED + RARER if asked >= 2000 else WANTED
    missing = [kind for kind in wanted.split() if not seen[kind]]
    assert not missing, f"the walks never reached {missing}"
    assert seen["closed in the end"] > 20
