"""English of search, of the queue that is worked through, of bulk moves and saved views."""

# ruff: noqa: E501 - an original and its translation stand side by side

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "逐件办": "Work through",
    "您单位现在没有欠办的事。": "Your unit owes nothing now.",
    "上一件": "Previous",
    "下一件": "Next",
    "第 {n} 件，共 {all} 件": "{n} of {all}",
    "这一件不再等您的单位；还有 {n} 件": "This case no longer waits for your unit; {n} more do",
    "写明查阅目的后打开": "Open with a purpose",
    "打开整件": "Open the whole case",
    "同一地点、同一类、还没办完的": "Same matter, same place, still open",
    "点开并排看；是同一件就并案，两边的反映人都会得到答复。": (
        "Open one to see it side by side; if they are the same, merge them: both reporters get the answer."
    ),
    "是同一件：左边并入这一件": "The same: merge the left one into this",
    "不是同一件": "Not the same",
    "快捷键": "Keys",
    "用快捷键": "Use the keys",
    "j 下一件，k 上一件，o 打开整件，/ 搜索；每个按钮上写着它的键。要填的，按键后光标就在第一格，回车提交；Esc 离开输入框。在这里可以关掉，关掉后记在这台电脑上。": (
        "j next, k previous, o open the whole case, / search; each button shows its key. Where something is to be "
        "filled in, the key takes you to the first field, Enter sends, Esc leaves the field. Switched off here, "
        "this computer remembers it."
    ),
    "批量办理": "Many at once",
    "批量：{move}": "Many at once: {move}",
    "请先勾选要办的件，再选一个操作。": "Tick the cases first, then choose what to do.",
    "一次最多 {n} 件。": "{n} at a time at most.",
    "封存件要逐件办，或者它不归您看。": "Sealed cases go one by one; or it is not yours to see.",
    "现在轮不到您这样办。": "This is not yours to do now.",
    "规则表里没有这一行，请逐件派遣。": "The rule table has no such row; dispatch it by itself.",
    "您看的时候它有了新进展，没有动它。": "It changed while you were looking and was left alone.",
    "办成 {n} 件，没有办的 {m} 件。": "{n} done, {m} not done.",
    "还没有办。可以办的 {n} 件，不能办的 {m} 件，看清楚再确认。": (
        "Nothing is done yet. {n} can be done, {m} cannot; look, then confirm."
    ),
    "会怎样": "What would happen",
    "没有办": "Not done",
    "不能办": "Cannot",
    "办了": "Done",
    "确认，办这 {n} 件": "Confirm: do these {n}",
    "勾选 {n}": "Tick {n}",
    "全选": "All",
    "对勾选的件": "With the ticked ones",
    "先看会怎样": "See first what would happen",
    "存下的视图": "Saved views",
    "删除视图：{name}": "Delete view: {name}",
    "把现在的筛选存成视图": "Keep this filter as a view",
    "全单位都看得到": "For all of my unit",
    "存下": "Keep",
    "请给这个视图起个名字。": "Give the view a name.",
    "没有存下": "Not kept",
    "视图太多了，先删几个。最多 {n} 个。": "Too many views; delete some. {n} at most.",
    "搜索": "Search",
    "编号、内容、类别或地点": "Number, words, category or place",
    "清单：{name}": "List: {name}",
    "请至少写两个字；电话号码和证件号不能用来搜索。": (
        "Write at least two characters; numbers of telephones and identity cards cannot be searched for."
    ),
    "没有找到。只搜得到您有权看的内容；封存的件只能按编号查。": (
        "Nothing found. Search covers what you may read; a sealed case is found by its number alone."
    ),
}
