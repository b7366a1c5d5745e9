"""The words of the loop, Chinese and English: laws, stages, roles, events, commands and every refusal.

Every door says the same. ``{fields}`` are facts of the refusal. ``tests/kernel/test_words.py`` fails when a code, an
event or a command has no words or no line in ``docs/reference``.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from bihuan.desk import scene_words
from bihuan.desk.words_of_scenes import REFUSALS as OF_SCENES
from bihuan.desk.words_of_things import REFUSALS as OF_THINGS
from bihuan.kernel.refused import Refused

Words = tuple[str, str]

LAWS: Mapping[int, Words] = {
    1: ("件件不落空", "Nothing vanishes"),
    2: ("事事有人管", "Somebody owns it"),
    3: ("时时在计时", "Something is ticking"),
    4: ("不能自己结自己的案", "No quiet closing"),
    5: ("过去不可改", "The past is fixed"),
    6: ("依当时的规则办", "The law of its day"),
    7: ("该看的人才能看", "Only those who must, may see"),
    8: ("演练是真的，但绝不混入真实", "A drill is real, and never mixes"),
    9: ("只评问题和地点，不评人", "Problems and places are scored, never people"),
}

STAGES: Mapping[str, Words] = {
    "registered": ("已登记", "registered"),
    "accepted": ("已受理", "accepted"),
    "dispatched": ("已派遣", "dispatched"),
    "working": ("办理中", "being worked on"),
    "answered": ("已答复", "answered"),
    "verifying": ("核查中", "being verified"),
    "closed": ("已结案", "closed"),
    "archived": ("已归档", "archived"),
    "merged": ("已并案", "merged"),
    "declined": ("不予受理", "declined"),
}

SEALS: Mapping[str, Words] = {
    "L0": ("公开", "public"),
    "L1": ("内部", "internal"),
    "L2": ("办案组", "case team"),
    "L3": ("封存", "sealed"),
}

ROLES: Mapping[str, Words] = {
    "triage": ("受理员", "triage"),
    "dispatcher": ("派遣员", "dispatcher"),
    "handler": ("经办人", "handler"),
    "verifier": ("核查员", "verifier"),
    "head": ("单位负责人", "head of the unit"),
    "arbiter": ("裁定人", "arbiter"),
    "oversight": ("督查", "oversight"),
    "reporter": ("反映人", "reporter"),
    "volunteer": ("志愿者", "volunteer"),
    "system": ("系统", "the system"),
    "lead": ("主办单位", "lead unit"),
    "assist": ("协办单位", "assisting unit"),
}

TASKS: Mapping[str, Words] = {
    "open": ("待接单", "open"),
    "taken": ("已接单", "taken"),
    "arrived": ("已到场", "on the spot"),
    "finished": ("已完成", "finished"),
    "returned": ("已退回", "returned"),
    "cancelled": ("已取消", "cancelled"),
}

REFUSALS: Mapping[str, Words] = {
    **OF_SCENES,
    **OF_THINGS,
    # Nothing vanishes
    "no-such-case": ("没有这件事，或者您无权查看。", "There is no such case, or none that you may see."),
    "already-registered": ("这件事已经登记，不能重复登记。", "This case is registered already."),
    "already-merged": ("这件事已经并入。", "That case has been merged in already."),
    "merge-with-itself": ("不能与自己并案，请选另一件。", "A case cannot be merged with itself; choose another."),
    "merged-itself": (
        "这件事自己也并入了别的事项，先把它分出来。",
        "This case is itself merged into another; let it stand on its own first.",
    ),
    "not-merged": ("这件事没有并案，无从撤销。", "These cases are not merged, so there is nothing to undo."),
    "already-child": ("这件事已经是子件。", "That case is a child of this one already."),
    "route-missing": ("请写明应当找哪里办。", "Say where the matter rightly belongs."),
    # Somebody owns it
    "not-your-case": ("这件事现在不归您所在的单位。", "This case is not with your unit now."),
    "not-your-task": ("这项任务不归您，或者别人已经接单。", "This task is not yours, or somebody else has taken it."),
    "wrong-role": ("您的岗位不能做这一步，需要：{needs}。", "Your post may not do this; it takes: {needs}."),
    "wrong-stage": (
        "现在是“{stage}”，这一步只能在：{allowed}。",
        "The case is {stage}; this step belongs to: {allowed}.",
    ),
    "case-not-open": ("这件事已不在办理中（{stage}）。", "The case is not open any more ({stage})."),
    "assist-open": (
        "协办还没办完：{units}。等他们办完，或取消其任务。",
        "Assisting units are still at work: {units}. Wait for them, or cancel their tasks.",
    ),
    "child-open": ("还有子件没有结案。", "A child case is still open."),
    "one-lead-only": (
        "主办只能有一个，主办任务不能加也不能取消。",
        "There is one lead task; it is neither added nor cancelled.",
    ),
    "no-route": (
        "派遣表里没有“{category}”在“{place}”的去向，请手工选单位并写明理由。",
        "The route table has no row for {category} at {place}; choose a unit by hand and say why.",
    ),
    "arbitration-needed": (
        "主办已退回 {returns} 次，只能由裁定人（{arbiter}）派遣。",
        "The lead was returned {returns} times; only the arbiter ({arbiter}) may dispatch it now.",
    ),
    "bound-by-arbitration": ("裁定后派遣，不能再退回。", "Dispatched by arbitration; it cannot be returned."),
    "objection-open": ("退回申请还没有答复。", "An objection is still unanswered."),
    "objection-late": ("提出异议的期限已过（{due}）。", "The time to object ended on {due}."),
    "return-needs-rule": ("退回要写明依据哪条规定。", "A return must name the rule that it rests on."),
    "no-such-task": ("没有第 {task} 项任务。", "There is no task {task}."),
    "task-not-open": ("这项任务已经结束（{status}）。", "This task is over ({status})."),
    "task-full": ("名额已满（{capacity}）。", "The task is full ({capacity})."),
    "task-waits": ("要等第 {needs} 项任务办完。", "It waits for task {needs}."),
    "already-taken": ("您已经接了这项任务。", "You have taken this task already."),
    "already-there": ("已经报过到场。", "Arrival was reported already."),
    "bad-capacity": ("名额至少是 1。", "The capacity must be 1 or more."),
    "held": (
        "另一件事要求暂缓，由提出的单位解除后才能继续。",
        "Another case holds this up; the unit that laid the hold lifts it.",
    ),
    "already-held": ("这件事已经提出过暂缓。", "That case holds this one already."),
    "no-such-hold": ("没有这项暂缓。", "There is no such hold."),
    "not-your-hold": ("只有提出暂缓的单位能解除。", "Only the unit that laid the hold may lift it."),
    "unit-missing": ("请选单位。", "Choose a unit."),
    "person-missing": ("请写明是哪个人。", "Name a person."),
    # Something is ticking
    "no-such-clock": ("没有正在计时的“{clock}”。", "There is no running clock {clock}."),
    "already-paused": ("“{clock}”已经暂停。", "Clock {clock} is paused already."),
    "not-paused": ("“{clock}”没有暂停。", "Clock {clock} is not paused."),
    "not-pausable": ("“{clock}”只是提醒，不用暂停。", "Clock {clock} only reminds; there is nothing to pause."),
    "promised-past": (
        "承诺的日期已经过去（{due}），请写今后的日期。",
        "The promised date {due} is past; name one that lies ahead.",
    ),
    "pause-needs-end": ("暂停要有将来的结束时间。", "A pause needs an end that lies ahead."),
    "not-extendable": ("“{clock}”不能延期。", "Clock {clock} cannot be extended."),
    "extended-once": ("“{clock}”已经延过一次。", "Clock {clock} has been extended once already."),
    "extension-too-long": ("最多延 {most}。", "It can be extended by {most} at most."),
    "approve-own": ("不能批准自己或本单位的申请。", "Nobody grants his own request, nor that of his own unit."),
    "no-such-request": ("没有这项待批的申请。", "There is no such open request."),
    "already-asked": ("同样的申请还没有答复。", "The same has been asked and not yet answered."),
    "step-open": ("还有没办完的步骤，时限：{clocks}。", "A step is still owed; its clock: {clocks}."),
    "followup-owed": ("还要回访：{clocks}。", "A follow-up is still owed: {clocks}."),
    "import-stage": (
        "导入的事项不能是“{stage}”，只能是：{allowed}。",
        "A case cannot be imported as {stage}; use: {allowed}.",
    ),
    # No quiet closing
    "own-work": ("办事的人不能核查自己的事。", "Whoever did the work does not verify it."),
    "own-unit": (
        "办事的单位不能核查，请换一个单位。",
        "The unit that did the work does not verify it; choose another.",
    ),
    "not-the-reporter": ("只有反映人可以这样做。", "Only the reporter may do this."),
    "proof-missing": ("还缺凭证：{missing}。", "Proof is missing: {missing}."),
    "outcome-missing": ("请选办理结果：{allowed}。", "Choose an outcome: {allowed}."),
    "unknown-way": ("没有这种方式：{how}。", "There is no such way: {how}."),
    "no-sampling": ("这个场景不允许抽样结案。", "This scene does not close by sampling."),
    "drawn-for-a-visit": ("抽中了现场核查，要到场。", "This case was drawn for a visit."),
    # The past is fixed
    "time-before-case": (
        "发生时间早于事项登记的时间（{opened}）。",
        "It cannot have happened before the case was opened ({opened}).",
    ),
    "time-in-the-future": ("发生时间在将来。", "The time given lies in the future."),
    "time-without-zone": ("时间要带时区。", "Give the time with its zone."),
    "import-times": ("导入的时间顺序不对：登记、结案、现在。", "Opened, closed and now are not in the order of time."),
    "source-missing": ("请写明来自哪个系统和原编号。", "Name the system that it comes from and its number there."),
    "time-before-last-step": (
        "发生时间早于这件事的上一步（{last}）。",
        "It cannot have happened before the last step of this case ({last}).",
    ),
    "told-too-late": (
        "期限已过一天以上，不能再说是按时做的；请按现在登记，并写明情况。",
        "The date passed more than a day ago and cannot be met afterwards. Record it as of now and say what happened.",
    ),
    # The law of its day
    "rule-missing": ("请写明依据。", "Name the rule or law that it rests on."),
    "reason-missing": ("请写明理由。", "Give a reason."),
    "register-not-yours": (
        "台账由“{unit}”维护，请由它来改。",
        "Unit {unit} keeps this entry of the register; let it make the change.",
    ),
    "register-facts": (
        "台账里不能这样写：{what}。台账只记事物和地点，不记人。",
        "This cannot stand in a register: {what}. Registers are about things and places, not about people.",
    ),
    # Fields of a scene
    "field-unknown": ("没有“{field}”这一项；可填：{fields}。", "There is no field {field}; there are: {fields}."),
    "field-missing": ("请填“{name}”。", "Fill in: {name}."),
    "field-wrong": ("“{name}”填得不对：{why}。", "{name}: {why}."),
    "letter-part-missing": ("文书还缺：{parts}。", "The letter still lacks: {parts}."),
    "staff-only-scene": ("“{scene}”由工作人员登记。", "Only staff register cases of {scene}."),
    "prior-unknown": ("没有这一件：{wanted}。请核对查询码。", "There is no such case: {wanted}. Check the code."),
    "no-rulebook": ("场景“{scene}”当日没有生效的规则。", "No rulebook of scene {scene} is in force for that day."),
    "category-missing": ("请先确定类别。", "Choose a category first."),
    "unknown-category": ("没有这个类别：{category}。", "There is no category {category}."),
    "unknown-step": ("没有这个步骤：{step}。", "There is no step {step}."),
    "step-done": ("“{step}”已经办过。", "Step {step} is done already."),
    "step-too-early": ("先要办：{first}。", "First comes: {first}."),
    "step-blocked": ("办过“{by}”就不能再办这一步。", "After {by} this step is no longer possible."),
    "step-data-missing": ("还要填：{missing}。", "Fill in: {missing}."),
    "already-final": (
        "同一事实和理由已经终结；有新的事实请写明。",
        "The same facts have been settled for good; name what is new.",
    ),
    "letter-missing": ("要附告知书。", "A letter to the reporter is needed."),
    "conflict-of-interest": ("与您有利害关系，应当回避。", "You are a party to this; somebody else must do it."),
    # Only those who must, may see
    "route-barred": ("不能派给这个单位。", "It cannot go to this unit."),
    "no-desk-left": ("受理台都应当回避，请报上一级。", "Every desk is concerned itself; report one level up."),
    "purpose-needed": ("查看封存内容要说明目的。", "Say for what purpose you look at what is sealed."),
    "seal-unchanged": ("封存级别没有变化。", "That is the seal already."),
    "seal-not-lower": ("这不比现在的封存级别低。", "That is no lower than the present seal."),
    "lowering-needs-grant": (
        "降低封存级别要申请，由另一个人批准。",
        "A lower seal is asked for and granted by another.",
    ),
    "unknown-seal": ("没有这个封存级别：{seal}。", "There is no seal {seal}."),
    "asked-too-often": ("一天内申请应急查阅的次数太多了。", "Too many requests to break the glass within a day."),
    "not-sealed": ("这件事没有封存，不用应急查阅。", "This case is not sealed; break-glass is not needed."),
    "second-person-needed": ("要由另一个人批准。", "A second person must grant it."),
    "already-granted": ("已经批准过。", "It has been granted already."),
    "nothing-to-review": ("没有要复核的应急查阅。", "There is no break-glass to review."),
    "too-long": ("时间太长，最多 {most}。", "Too long; at most {most}."),
    "not-your-file": ("这不是您的档案。", "This is not your file."),
    # A drill is real, and never mixes
    "unknown-world-kind": ("没有这种世界：{kind}。", "There is no such kind of world: {kind}."),
    "drill-not-planned": ("这次演练不在待开始的状态。", "This drill is not waiting to begin."),
    "drill-not-running": ("这次演练没有在进行。", "This drill is not running."),
    "drill-not-ended": ("这次演练还没有结束。", "This drill is not over."),
    "drill-not-yours": (
        "安排和掌握演练的是单位负责人、派遣员和督查。",
        "Drills are planned and steered by heads, dispatchers and oversight.",
    ),
    "drill-speed": ("快慢从 1 到 600 倍，不是 {speed}。", "The speed is 1 to 600 times, not {speed}."),
    "no-such-lesson": ("报告里没有这一条教训。", "The report has no such lesson."),
    "sealed-not-replayed": ("编号 {number} 已封存，不能用来演练。", "Case {number} is sealed; no drill is made of it."),
    "unknown-drill-mode": ("没有这种演练：{mode}。", "There is no such kind of drill: {mode}."),
    "world-name-taken": ("已经有叫“{key}”的世界。", "A world called {key} exists already."),
    "world-name-not-plain": ("名称只能用字母、数字和 . _ -：{key}。", "Use letters, digits, . _ and - only: {key}."),
    "real-time-is-not-set": ("真实世界的时间不能设置。", "The time of the real world is not set."),
    "real-world-stays": ("真实世界不能删除。", "The real world is never dropped."),
    "time-runs-forward": ("时间只能向前（现在 {now}）。", "Time runs forward only (now {now})."),
    # Problems and places are scored, never people
    "human-signature-missing": ("要由人签发，系统不能代签。", "A person must sign this; the system may not."),
    "forbidden-query": (
        "不能这样查：不按人排名、打分或列名单。",
        "Not to be asked: people are not ranked, scored or listed.",
    ),
    "unknown-field": ("没有这一项：{field}。可用：{allowed}。", "There is no field {field}; use: {allowed}."),
    "unknown-question": ("没有这种查询：{kind}。", "There is no such question: {kind}."),
}

EVENTS: Mapping[str, Words] = {
    "Registered": ("登记", "registered"),
    "ImportedCase": ("从别处导入", "imported from elsewhere"),
    "Accepted": ("受理", "accepted"),
    "Recategorised": ("改类别", "put into another category"),
    "Declined": ("不予受理", "declined"),
    "Dispatched": ("派遣", "dispatched"),
    "TaskAdded": ("下达任务", "task given"),
    "TaskTaken": ("接单", "task taken"),
    "TaskReleased": ("放手", "task let go"),
    "TaskArrived": ("到场", "arrived"),
    "TaskFinished": ("任务办完", "task finished"),
    "TaskReturned": ("任务退回", "task returned"),
    "TaskReopened": ("任务重开", "task open again"),
    "TaskCancelled": ("任务取消", "task cancelled"),
    "Answered": ("报告办完", "answered"),
    "SentToVerify": ("送核查", "sent to be verified"),
    "Reworked": ("返工", "sent back for rework"),
    "Closed": ("结案", "closed"),
    "Disputed": ("反映人提出异议", "disputed"),
    "Reopened": ("重新打开", "opened again"),
    "FollowedUp": ("回访", "followed up"),
    "Archived": ("归档", "archived"),
    "ClockStarted": ("开始计时", "clock started"),
    "ClockStopped": ("停止计时", "clock stopped"),
    "ClockPaused": ("暂停计时", "clock paused"),
    "ClockResumed": ("继续计时", "clock runs on"),
    "ClockExtended": ("延期", "clock extended"),
    "ClockTightened": ("期限提前", "clock brought forward by a merge or a promise"),
    "ClockRecomputed": ("按公布的日历重算", "clock worked out anew"),
    "ClockWarned": ("到期提醒", "warned"),
    "ClockBroken": ("超时", "overdue"),
    "Escalated": ("自动催办督办", "the ladder was climbed"),
    "Overseen": ("催办督办", "reminded or overseen"),
    "Asked": ("申请", "asked"),
    "Granted": ("同意", "granted"),
    "Denied": ("不同意", "denied"),
    "Merged": ("并入", "merged into another"),
    "Absorbed": ("并进一件", "took another in"),
    "Unmerged": ("撤销并案", "stands on its own again"),
    "Parted": ("分出一件", "let a merged one go"),
    "ChildAdded": ("加子件", "child case added"),
    "HoldLaid": ("暂缓", "held"),
    "HoldLifted": ("解除暂缓", "hold lifted"),
    "StepTaken": ("完成步骤", "step taken"),
    "Resealed": ("改封存级别", "seal changed"),
    "Noted": ("记录", "noted"),
    "ProofAdded": ("加凭证", "proof added"),
    "ReportedByLaw": ("法定报告", "reported by law"),
    "ChampionNamed": ("指定包案领导", "champion named"),
}

COMMANDS: Mapping[str, Words] = {
    "Register": ("登记", "register"),
    "ImportCase": ("导入", "import a case"),
    "Accept": ("受理", "accept"),
    "Recategorise": ("改类别", "put into another category"),
    "Decline": ("不予受理", "decline"),
    "Dispatch": ("派遣", "dispatch"),
    "AddTask": ("加协办任务", "add a task"),
    "TakeTask": ("接单", "take a task"),
    "ReleaseTask": ("放手", "let a task go"),
    "ArriveAtTask": ("报到场", "report arrival"),
    "FinishTask": ("报办完", "finish a task"),
    "CancelTask": ("取消任务", "cancel a task"),
    "ReturnTask": ("申请退回", "object"),
    "SendToVerify": ("送核查", "send to be verified"),
    "Verify": ("核查", "verify"),
    "Dispute": ("提出异议", "dispute"),
    "FollowUp": ("回访", "follow up"),
    "Archive": ("归档", "archive"),
    "AskPause": ("申请暂停", "ask for a pause"),
    "AskExtend": ("申请延期", "ask for an extension"),
    "AskSeal": ("申请降低封存级别", "ask for a lower seal"),
    "Grant": ("同意", "grant"),
    "Deny": ("不同意", "deny"),
    "Resume": ("恢复计时", "run on"),
    "Absorb": ("并进", "take another in"),
    "MergeInto": ("并入", "merge into another"),
    "Unmerge": ("撤销并案", "undo a merge"),
    "Part": ("分出", "let a merged one go"),
    "AddChild": ("加子件", "add a child case"),
    "LayHold": ("要求暂缓", "lay a hold"),
    "LiftHold": ("解除暂缓", "lift a hold"),
    "TakeStep": ("办一步", "take a step"),
    "Reseal": ("提高封存级别", "raise the seal"),
    "AddNote": ("写记录", "write a note"),
    "AddProof": ("加凭证", "add a proof"),
    "ReportByLaw": ("法定报告", "report by law"),
    "NameChampion": ("指定包案领导", "name a champion"),
    "Oversee": ("催办督办", "remind or oversee"),
    "Tick": ("到点", "tick"),
    "Recompute": ("重算时限", "work the clocks out anew"),
}

# Facts whose values are codes of our own, not names of units or things.
_SPOKEN: Mapping[str, Mapping[str, Words]] = {
    "stage": STAGES,
    "allowed": STAGES,
    "needs": ROLES,
    "status": TASKS,
    "seal": SEALS,
}
_LISTS = frozenset({*_SPOKEN, "clocks", "first", "missing", "units", "by"})


def refusal(refused: Refused) -> Words:
    """What is wrong and what to do, in Chinese and English; a code without words stands for itself."""
    own = [scene_words.scene_word("refusals", refused.code, language) for language in ("zh", "en")]
    zh, en = REFUSALS.get(refused.code, (own[0], own[1]))
    facts = {"rule": refused.rule, **refused.facts}
    return _filled(zh, facts, 0), _filled(en, facts, 1)


def _filled(words: str, facts: Mapping[str, object], language: int) -> str:
    names = {name for _, name, _, _ in Formatter().parse(words) if name}
    if language:  # a fact that is a word of the scene itself comes in both languages
        facts = {**facts, **{name: facts[f"{name}_en"] for name in names if f"{name}_en" in facts}}
    return words.format_map({name: _spoken(name, facts.get(name, "—"), language) for name in names})


def _spoken(name: str, value: object, language: int) -> str:
    """Several codes stand with a space between them."""
    if name not in _LISTS:
        return str(value)
    table = _SPOKEN.get(name, {})
    parts = [table[part][language] if part in table else part for part in str(value).replace(" | ", " ").split(" ")]
    return ("、", ", ")[language].join(parts)
