"""English of what all pages share: frame, stages, clocks, spans of time, what went wrong."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "闭环": "Bihuan",
    "跳到正文": "Skip to content",
    "主导航": "Main",
    "办理时限与依据": "Time limits and their basis",
    "工作人员入口": "Staff sign-in",
    "紧急情况请拨打 110、119、120": "In an emergency call 110, 119 or 120",
    # stages
    "已登记": "Registered",
    "已受理，待派遣": "Accepted, to be dispatched",
    "已派遣，待接单": "Dispatched, to be taken",
    "办理中": "Being worked on",
    "已办完，待核查": "Done, to be verified",
    "核查中": "Being verified",
    "已结案": "Closed",
    "已归档": "Archived",
    "已并案": "Merged",
    "不予受理": "Decline",
    "不属于受理范围": "Declined",
    # tasks
    "待接单": "Open",
    "已接单": "Taken",
    "已到场": "On the spot",
    "已完成": "Finished",
    "已退回": "Given back",
    "已取消": "Cancelled",
    # clocks
    "受理时限": "Time to accept",
    "派遣时限": "Time to dispatch",
    "处置时限": "Time to handle",
    "核查时限": "Time to verify",
    "提出异议的时限": "Time to object",
    "协办时限": "Time to assist",
    "责令停工时限": "Time to stop the works",
    "处罚时限": "Time to punish",
    "拆除时限": "Time to demolish",
    "结案后第 {n} 天回访": "Follow-up {n} days after closing",
    "暂停中": "Paused",
    "计时中": "Running",
    "已超时": "Overdue",
    "已停止，超时": "Stopped, late",
    "已停止，按时": "Stopped, on time",
    "{n} 个自然日": "{n} calendar days",
    "{n} 个工作日": "{n} working days",
    "{n} 个工作时": "{n} office hours",
    # whose turn
    "等待受理": "to accept",
    "等待派遣": "to dispatch",
    "等待接单": "to take it on",
    "正在办理": "at work",
    "等待安排核查": "to have it verified",
    "等待核查": "to verify",
    # time
    "还剩 {span}": "{span} left",
    "逾期 {span}": "{span} late",
    "{span}前": "{span} ago",
    "{n} 天": "{n} d",
    "{n} 小时": "{n} h",
    "{n} 分钟": "{n} min",
    "不到 1 分钟": "less than a minute",
    # scenes
    "城市管理": "City management",
    # what went wrong
    "依据：闭环第 {n} 律“{name}”": "Basis: law {n} of the loop, “{name}”",
    "回到首页": "To the first page",
    "找不到": "Not found",
    "没有这一页，或者它不是给您看的。请核对网址或查询码。": (
        "There is no such page, or it is not for you. Please check the address or the code."
    ),
    "请求有问题": "The request cannot be read",
    "请求读不懂：可能太大、编码不对（应为 UTF-8）或者不完整。没有保存任何内容。": (
        "It may be too large, in a wrong encoding (UTF-8 is expected) or incomplete. Nothing was stored."
    ),
    "不允许": "Not allowed",
    "您不能做这个操作。": "You may not do this.",
    "请再提交一次": "Please send it once more",
    "这张表放得太久，或者浏览器不接受 Cookie。请返回上一页，刷新后再提交；已写的内容请先复制。": (
        "The form is too old, or your browser takes no cookies. Go back, copy what you wrote, reload and send again."
    ),
    "暂时不能登录": "No signing in for now",
    "从这里连续输错密码太多次，一小时内不能登录。急用请找管理员。": (
        "Too many wrong passwords from here: no signing in for an hour. If it is urgent, ask the administrator."
    ),
    "请稍等": "One moment, please",
    "数据库正在恢复，请过几秒刷新。刚才的反映再提交一次也只算一件；别的操作，请先看看是否已经记上。": (
        "The database is coming back; reload in a few seconds. A report that is sent again is still one report; "
        "if you were doing something else, look first whether it was recorded."
    ),
    "出了故障": "Something broke",
    "是我们的问题，已记录。没有保存一半的内容；请过一会儿再试。": (
        "It is our fault and was recorded. Nothing was stored by halves; please try again in a while."
    ),
    "第 {n} 个字认不出来，可能是编码不对（应为 UTF-8）。请重新输入。": (
        "Character {n} cannot be read; the encoding may be wrong (UTF-8 is expected). Please type it again."
    ),
    "太长了：最多 {most} 个字，现在有 {n} 个。": "Too long: at most {most} characters, there are {n}.",
    # the rulebook
    "版本 {version}，自 {effective} 起施行。{basis}": "Version {version}, in force from {effective}. {basis}",
    "各段通用时限": "Limits of every stage",
    "时限": "Time limits",
    "多长": "How long",
    "依据": "Basis",
    "类别": "Category",
    "什么情况立案": "When a case is opened",
    "什么算办结": "What counts as done",
    "立案": "Opened when",
    "办结": "Done when",
    "通用": "as every stage",
}
