"""English of what staff are told: the inbox of notices, letters, ways, the roster."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "提醒": "Notices",
    "条未看": "not seen",
    "只看未看的": "Only those not seen",
    "看全部": "All of them",
    "全部标为已看": "Mark all as seen",
    "标为已看": "Mark as seen",
    "没有未看的提醒。": "There is nothing that you have not seen.",
    "还没有提醒。": "There are no notices yet.",
    "提醒保留三十天；只有您自己看得到您看过哪些。": (
        "Notices are kept for thirty days. Nobody but you can tell which of them you have seen."
    ),
    "更早的": "Earlier ones",
    "为什么告诉您：{why}。": "Why you are told: {why}.",
    "{unit}的{roles}岗位空缺": "nobody holds the post of {roles} at {unit}",
    "{unit}的{roles}不当值": "the {roles} of {unit} is not on duty",
    "或": " or ",
    # kinds
    "新件，请受理": "New case: please triage",
    "新任务，请接单": "New task: please take it",
    "已办完，请核查": "Work done: please verify",
    "承办单位有异议，请您决定": "The unit objects: please decide",
    "有申请，请您决定": "A request: please decide",
    "任务退回，请重新派遣": "Task returned: please dispatch again",
    "没有通过核查，请再办": "Not verified: please work on it again",
    "反映人不认可，已重新打开": "The reporter disputes the result: open again",
    "快到期了": "Due soon",
    "请抓紧办理": "Reminder: please go on",
    "已经超时": "Overdue",
    "请您包案": "You are named its champion",
    "法定报告，请马上看": "Report by law: please look at once",
    # roles
    "受理员": "triage officer",
    "派遣员": "dispatcher",
    "处置员": "handler",
    "核查员": "verifier",
    "负责人": "head",
    "仲裁员": "arbiter",
    "督查员": "oversight officer",
}
