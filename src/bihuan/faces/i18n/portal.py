"""English of the pages for residents."""

# ruff: noqa: E501 - an original and its translation stand side by side

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "由单位负责人{name}包案。": "{name}, head of a unit, carries the case in person.",
    "我要反映": "Report",
    # what is open to all
    "看看公开的事项": "Public cases",
    "公开的事项": "Public cases",
    "公开的事项。不含文字、照片和报告人。": "Public cases, without words, photographs or people.",
    "路灯、井盖、垃圾、路面这些公共的事，谁都能看办到哪一步。报告人写的文字、照片和身份不公开。": (
        "Street lamps, manhole covers, rubbish, roads: anybody can see how far they are. What reporters wrote, their photographs and who they are is not public."
    ),
    "也看九十天内办完的": "Also those closed within ninety days",
    "看一看": "Show",
    "这里现在没有公开的事项。": "There are no public cases here now.",
    "上一页": "Previous page",
    "订阅（Atom）": "Subscribe (Atom)",
    "示意图：公开事项在哪里，下面的列表写着同样的内容": "A sketch of where public cases are; the list below says the same",
    "示意图。数字是这个街道里的件数；点是报告人给的位置，精确到约十米，红色已超时。": (
        "A sketch. Numbers count the cases of a street; dots are points that reporters gave, to about ten metres, red when overdue."
    ),
    "登记": "Registered",
    "结案": "Closed",
    "下一个时限": "The next promise",
    "我也遇到了这件事": "I have seen this too",
    "登记以后您有自己的查询码；受理时并到这一件，办完一样答复您。": (
        "You get a code of your own; at triage your report joins this case, and its answer comes to you as well."
    ),
    "附近有人反映过同样的事，是这一件吗？": "Somebody near by reported the same kind of thing. Is it this one?",
    "都不是，或者说不准": "None of these, or not sure",
    "登记以后您有自己的查询码；受理时并到那一件，办完一样答复您。": (
        "You get a code of your own; at triage your report joins that case, and its answer comes to you as well."
    ),
    "这里反映的是：": "You are reporting: ",
    "换成：": "Instead: ",
    "还可以反映：": "Also: ",
    "（可以不填）": "(may be left out)",
    "查进度": "Track",
    # first page
    "有事请说，件件有着落": "Say it once; somebody will see it through",
    "路灯不亮、井盖松动、垃圾没人收、占道堵路……说一次就够。当场给您一个查询码，谁在办、办到哪一步、什么时候办完，随时能看。": (
        "A dark street lamp, a loose manhole cover, rubbish that nobody collects, a blocked pavement: tell us once. You "
        "get a code at once, and can see at any time who has it, how far it is and until when."
    ),
    "我要反映问题": "Report a problem",
    "查进度：输入查询码": "Track: enter your code",
    "查询码": "Your code",
    "16 位，回执上有。大小写、空格和短横都不要紧。": (
        "16 characters, on your receipt. Capitals, spaces and hyphens do not matter."
    ),
    "查询": "Look it up",
    "您反映之后": "After you report",
    "马上登记": "It is registered at once",
    "当场得到查询码，不留电话也可以。": "You get a code on the spot, also without leaving a telephone number.",
    "交到一个单位手上": "One unit is responsible",
    "主办单位只有一个，办理时限和依据写明给您看。": "Exactly one unit leads, with a time limit and its legal basis for you to see.",
    "办完要有凭证": "Done means proved",
    "由没有参与办理的人核查，不是谁办谁说了算。": "Somebody who did not do the work checks it.",
    "您不认可，就重新办": "You may disagree",
    "说明理由，同一件事重新打开，已经用掉的时间不清零。": (
        "Say why, and the same case opens again; the time already used still counts."
    ),
    "着火、燃气泄漏、有人受伤或有危险，请不要在这里填写，马上打电话。": (
        "Fire, a gas leak, somebody hurt or in danger: do not write here, call at once."
    ),
    # emergency
    "报警": "Police",
    "火警、救援": "Fire and rescue",
    "急救": "Ambulance",
    "请先打电话": "Call first",
    "这像是紧急情况，请先打电话": "This sounds like an emergency: call first",
    "您写到了“{word}”。电话最快，接线员会马上派人。请先到安全的地方。": (
        "You wrote “{word}”. A call is fastest; help is sent at once. Get to a safe place first."
    ),
    "已经打过电话，或者不紧急：继续填写": "I have called, or it is not urgent: go on",
    # report
    "步骤": "Steps",
    "1 什么事": "1 What",
    "2 在哪里": "2 Where",
    "3 怎么联系": "3 Contact",
    "还差一点：": "Almost there:",
    "发生了什么事？": "What happened?",
    "用您自己的话说": "In your own words",
    "一两句就行。请不要写别人的姓名、电话和身份证号。": (
        "A sentence or two will do. Please leave out other people's names, telephone and identity numbers."
    ),
    "如果有危险，请先打电话：": "If anybody is in danger, call first:",
    "属于哪一类": "What is it about",
    "选不准没关系，工作人员会看。": "Not sure? Somebody will look.",
    "全部类别": "All categories",
    "其他、说不准": "Something else",
    "下一步：在哪里": "Next: where",
    "在哪里？": "Where is it?",
    "所在社区": "Community",
    "请选择": "Please choose",
    "不知道是哪个社区": "I do not know which",
    "具体位置": "Exact place",
    "例如：某某路 12 号门口、某某公交站旁。": "For instance: in front of number 12, beside the bus stop.",
    "正在定位……": "Locating…",
    "已记下这个位置，误差约 {n} 米": "Noted, to within about {n} metres",
    "没有定到位，请用文字写清楚。": "Your place was not found; please describe it in words.",
    "就在我现在的位置": "It is where I am now",
    "下一步：怎么联系": "Next: contact",
    "怎么联系您？": "How can we reach you?",
    "可以不填。凭查询码一样能看进度、确认结果、提出异议。": (
        "You may leave this empty. With your code you can follow, confirm and dispute all the same."
    ),
    "电话或其他联系方式（可以不填）": "Telephone or other contact (optional)",
    "只有经办人能看，单独加密保存，可以要求删除。谁看过，您查得到。": (
        "Only those who handle the case can read it. It is kept apart, encrypted, and erased when you ask."
    ),
    "请看一遍": "Please check",
    "什么事": "What",
    "在哪里": "Where",
    "提交": "Send",
    "上一步": "Back",
    "请写一两句话，说说发生了什么。": "Please write a sentence or two about what happened.",
    "请选一类；说不准就选“其他”。": "Please choose one; if unsure, choose “Something else”.",
    "请选社区；不知道就选最后一项。": "Please choose the community; if unsure, the last entry.",
    "不知道社区的话，请把位置写具体些。": "Without a community, please describe the place more exactly.",
    "这个网络地址报得太快了，请 {n} 秒后再提交。内容还在。": (
        "Too many reports from this network address. Please send again in {n} seconds; what you wrote is kept."
    ),
    "这张表刚才已经提交过，之后又改了内容。要再反映一件，请重新打开“我要反映”。": (
        "This form was sent already and changed afterwards. For another matter, please open “Report” again."
    ),
    # find
    "查询码丢了，谁也找不回来：我们只存它的指纹，不存它本身。请再反映一次，说明以前报过。": (
        "A lost code cannot be found again: we keep only its fingerprint. Please report once more and say that you did before."
    ),
    "没有这个查询码。请对照回执看看：数字 0 和字母 O、数字 1 和字母 I 不必分。": (
        "There is no such code. Please compare it with your receipt; 0 and O, 1 and I count as the same."
    ),
    # track
    "进度": "Progress of",
    "收到了，谢谢您": "Received, thank you",
    "请记下查询码，或者把这一页存下来。凭它随时看进度。": (
        "Please note your code or keep this page. With it you can look at any time."
    ),
    "查询码的二维码": "QR code of this page",
    "这个网址就是您的回执，加入书签也行。要纸质的，用浏览器的打印。": (
        "This address is your receipt; a bookmark will do. For paper, print the page."
    ),
    "编号": "Number",
    "您有异议": "You disagree",
    "与同一件事合并办理": "Handled together with the same matter",
    "在谁手上": "Who has it",
    "计时已暂停": "The clock is paused",
    "为什么是这个时间": "Why this date",
    "给您的答复": "Answer to you",
    "内容已按规定删除": "The text was erased by right",
    "办完了吗？请您看看": "Is it done? Please have a look",
    "解决了，可以结案": "Yes, it is solved",
    "没有解决": "It is not solved",
    "退回重办": "Send it back",
    "对结果不认可？": "You do not agree with the result?",
    "说明理由，这件事会重新打开，回到办理的单位。": "Say why: the case opens again and goes back to the unit.",
    "提出异议": "Dispute the result",
    "提交异议": "Send the dispute",
    "经过": "What happened",
    "您写的内容": "What you wrote",
    "补充情况": "Add something",
    "要补充什么？": "What would you like to add?",
    "时限是怎么算的": "How the time limits are counted",
    "哪一段": "Stage",
    "最晚": "At the latest",
    "暂估：该年放假安排尚未公布": "provisional: that year's calendar is not published yet",
    "谁看过我的信息": "Who looked at my data",
    "可验证的回执": "Provable receipt",
    "这份回执怎么验证": "How to check this receipt",
    "哪里不对？": "What is wrong?",
    "只解决了一部分": "Only partly solved",
    "又出现了": "It is back",
    "答复与事实不符": "The answer is not true",
    "其他": "Something else",
    "具体说说（可以不填）": "Tell us more (optional)",
    "单独加密保存，只有经办人能看。": "Kept apart and encrypted; only those who handle the case read it.",
    "谢谢，已按您的确认结案。": "Thank you; the case is closed on your word.",
    "已退回重办。": "It was sent back.",
    "异议已收到，这件事重新打开了。": "Your dispute was received; the case is open again.",
    "补充的情况已经交给经办单位。": "What you added was handed to the unit.",
    "请写一两句话。": "Please write a sentence or two.",
    "您看这一页的时候，事情有了新进展。请看最新情况，再决定。": (
        "Something new happened while you were reading. Please look at it and then decide."
    ),
    "账本还没有签到这一步，请过几秒再试。": "The ledger has not been signed this far yet; please try again in a few seconds.",
    # story
    "已登记，编号 {n}，由{unit}受理。": "Registered as number {n} with {unit}.",
    "已受理。": "Accepted.",
    "调整了分类或地点。": "Category or place was corrected.",
    "不属于这里受理的范围。应当找：{route}。依据：{rule}。": "Not for this service. Turn to: {route}. Basis: {rule}.",
    "交给{unit}主办。": "{unit} leads.",
    "您提出了异议。": "You disputed the result.",
    "{unit}代为提出了异议。": "{unit} disputed the result on somebody's behalf.",
    "另一位反映人提出了异议。": "Somebody else who reported it disputed the result.",
    "重新打开，由{unit}继续办理；已经用掉的时间不清零。": "Opened again; {unit} goes on, and the time already used still counts.",
    "请{unit}协办。": "{unit} was asked to help.",
    "{unit}已接单，开始办理。": "{unit} has taken it on.",
    "办理人员到了现场。": "Somebody is on the spot.",
    "{unit}办完了协办的部分。": "{unit} has done its part.",
    "{unit}认为不归它管，说明依据后退回，重新派遣。": "{unit} gave it back, naming the rule; it will be dispatched anew.",
    "办理单位说办完了，等待核查。": "The unit says it is done; it will be checked.",
    "由{unit}核查；它没有参与办理。": "{unit} checks it; it took no part in the work.",
    "核查没有通过，退回重办。": "The check failed; it goes back.",
    "回访：问题没有再出现。": "Follow-up: the problem has not come back.",
    "回访：问题还在，重新办理。": "Follow-up: the problem is still there; work goes on.",
    "与另一件同样的事合并办理，答复同样给您。": "Handled together with the same matter; you get the same answer.",
    "另有人反映同一件事，合并到这里一起办。": "Others reported the same; it is handled here together.",
    "不再合并，单独办理；期限照原来的算。": "Handled on its own again, with the dates it had.",
    "{clock}暂停计时，到 {until} 为止。": "{clock}: paused until {until}.",
    "{clock}经批准延长到 {due}，只能延长一次。": "{clock}: extended to {due} with approval; once only.",
    "超过了{clock}。": "{clock}: missed.",
    "上级催办。": "A reminder from above.",
    "上级督办。": "Under supervision from above.",
    "您确认解决了，结案。": "You confirmed it; closed.",
    "按规定免于现场核查，结案；仍可能抽查。": "Closed without a visit, as the rules allow; it may still be re-checked.",
    "核查通过，结案。": "Checked and closed.",
    "{unit}正在看您反映的事": "{unit} is looking at your report",
    "{unit}正在安排谁来办": "{unit} is choosing who will do it",
    "已交给{unit}，等它接单": "Handed to {unit}, which has yet to take it on",
    "{unit}正在办": "{unit} is working on it",
    "办理单位说办完了，正在安排核查": "The unit says it is done; a check is being arranged",
    "办理单位说办完了，{unit}正在核查": "The unit says it is done; {unit} is checking",
    "不属于这里受理的范围": "Not a matter for this service",
    "已并入同一件事": "Merged with the same matter",
    "已经办结": "Done",
    # who looked
    "封存件每被查阅一次，这里就多一行：哪个单位、什么时候、为了什么。法律规定不得告知的除外。": (
        "Each reading of a sealed case adds a line: which unit, when, what for. Except where a law forbids telling."
    ),
    "时间": "When",
    "单位": "Unit",
    "目的": "Purpose",
    "到现在没有记录。一般事项由经办单位日常办理，不逐次登记；封存件逐次登记。": (
        "Nothing so far. Ordinary cases are read in daily work without a line each; sealed ones get a line each time."
    ),
    "回到进度": "Back to the case",
    # verify
    "每一步都写进一本只能往后加、不能改的账。可验证的回执是一个 JSON 文件，里面有您这一件事的记录、它在账本里的位置和账本当时的签名。": (
        "Each step is written into a ledger that only grows and never changes. The provable receipt is a JSON file with the "
        "record of your case, its place in the ledger and the ledger's signature at that time."
    ),
    "在进度页下载“可验证的回执”，连同查询码一起留好。": "Download “Provable receipt” from your page and keep it with your code.",
    "用本项目文档 docs/howto 里的 verify_receipt.py 检查。它三十来行，不用我们的程序，任何人都能读懂、能自己写一个。": (
        "Check it with verify_receipt.py from docs/howto of this project: about thirty lines, without our program, so that "
        "anybody can read it or write his own."
    ),
    "查通过，说明这件事在签名那一刻已经在账上，以后谁也抹不掉。删除您的个人信息不影响验证。": (
        "If it passes, your case was in the ledger when it was signed, and nobody can take it out. Erasing your personal "
        "data does not change that."
    ),
    "骑手驿站": "Stations for riders",
    "歇脚、喝水、充电、换电的地方。现在开门的排在前面。三十天没有人核对过的，标成灰色，去之前请先问一声。": "Places to rest, drink, charge or change a battery. Those open now come first. What nobody has looked at for thirty days is grey: ask before you go.",
    "要什么": "What you need",
    "都看看": "Anything",
    "在哪儿": "Where",
    "全区": "The whole district",
    "找一找": "Find",
    "超过三十天没有核对": "Not looked at for thirty days",
    "没有登记这样的驿站。": "No such station is on the register.",
    "跟这里写的不一样？告诉我们": "Not as it says here? Tell us",
    "现在开门": "Open now",
    "现在不开": "Shut now",
    "时间不详": "Hours unknown",
    "饮水": "Water",
    "休息": "Rest",
    "手机充电": "Phone charging",
    "换电": "Battery exchange",
    "微波炉": "Microwave",
    "厕所": "Toilet",
    "急救箱": "First aid",
    "优惠餐": "Cheap meals",
}
