"""English of search."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
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
