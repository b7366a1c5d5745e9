"""English of what staff are told: the inbox of notices, letters, ways, the roster."""

# ruff: noqa: E501 - an original and its translation stand side by side

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
    "怎样告诉我": "How I am told",
    "该您办的、快到期的、超时的，都在“提醒”里。这里定下：您不在这一页时，用什么方式告诉您。每个方式一分钟最多一条；多了，合成一条。": (
        "What is yours to do, due soon or overdue stands under Notices. Choose here how you are told while you are not"
        " there. Each way carries one message a minute at most; when there is more, it is gathered into one."
    ),
    "方式": "Ways",
    "邮件": "Mail",
    "企业微信、钉钉、飞书等": "WeCom, DingTalk, Feishu and others",
    "手机推送": "Telephone",
    "备用": "spare",
    "送不到，已经 {span}。": "Has not arrived for {span}.",
    "{when} 再试，有 {n} 条在等。": "Next try {when}; {n} are waiting.",
    "上一条送到：": "Last one taken: ",
    "还没有送过。": "Nothing was sent yet.",
    "发一条测试": "Send a test",
    "删去": "Remove",
    "还没有别的方式，只有“提醒”这一页。": "No other way yet, only the page of notices.",
    "加一个方式": "Add a way",
    "地址": "Address",
    "邮箱地址；或者机器人的地址，例如 wecombot://…、dingtalk://…、feishu://…": (
        "A mail address; or the address of a bot, such as wecombot://…, dingtalk://…, feishu://…"
    ),
    "备用：别的方式送不到时才用": "Spare: used only while another way fails",
    "加上": "Add",
    "什么时候不打扰": "Quiet hours",
    "从": "From",
    "到": "Until",
    "督办、超时和法定报告，这时也告诉我": "Tell me of oversight, overdue cases and reports by law all the same",
    "用什么文字": "Language",
    "汉语": "Chinese",
    "英语": "English",
    "记下": "Keep",
    "地址和令牌加密保存，删去就抹掉。送出去的只有编号、日期和轮到谁；封存件没有类别。": (
        "Addresses and tokens are stored encrypted and erased when you remove them. What leaves holds numbers, dates and"
        " whose turn it is; a sealed case has no category there."
    ),
    "已加上。请点“发一条测试”，看收不收得到。": "Added. Press “Send a test” and see whether it arrives.",
    "已删去，地址也抹掉了。": "Removed, and its address erased.",
    "测试已送出。": "The test was taken.",
    "已记下。": "Kept.",
    "没有这个方式，可能已经删去了。": "There is no such way; perhaps it was removed.",
    "时间写成 22:00 这样。": "Write a time as 22:00.",
    # letters
    "闭环：测试": "Bihuan: test",
    "闭环：{what}": "Bihuan: {what}",
    "闭环：{n} 条提醒": "Bihuan: {n} notices",
    "这是您自己要的测试。收到它，就说明这个方式能用。": "This is the test that you asked for. It arrived, so this way works.",
    "另有 {n} 条，都在收件页里。": "And {n} more, all in your notices.",
    "请登录控制台，看“提醒”。": "Sign in to the console and see Notices.",
    "期限 {until}": "until {until}",
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
