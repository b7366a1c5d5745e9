"""English of the portal: photographs, the map, stars, words blacked out."""

# ruff: noqa: E501 - an original and its translation stand side by side

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "最多 {n} 张照片。": "At most {n} photographs.",
    "这个网络地址传得太快了，请 {n} 秒后再传照片。": "Too many photographs from this address; send them again in {n} seconds.",
    "第 {n} 张照片：": "Photograph {n}: ",
    "照片（可以不传，最多 {n} 张）": "Photographs (optional, {n} at most)",
    "还原这一张": "Undo the blurring",
    "按住拖过人脸、车牌，就涂糊了；键盘：方向键移动方框，回车涂糊。涂糊在您手机上完成，原图不上传。": (
        "Drag over faces and number plates to blur them; by keyboard: arrows move the square, Enter blurs. It is done on "
        "your telephone; the original is not sent."
    ),
    "这张打不开，会照原样交给网站检查。": "This one cannot be opened here; the site will check it as it is.",
    "第 {n} 张照片": "Photograph {n}",
    "不要拍人。照片里的时间、地点、手机型号会去掉。": (
        "Please photograph no people. Time, place and telephone model are taken out of the file."
    ),
    "已经收到 {n} 张照片。": "{n} photographs are here already.",
    "看起来像这几类，对就点一下：": "It looks like one of these; tap the right one:",
    "在图上点一下": "Point at the map",
    "点在：{place}。再点一下可以改。": "You pointed at {place}. Point again to change it.",
    "点大概位置就行，具体位置请用文字写。": "Roughly will do; write the exact spot in words.",
    "示意图：点一下选位置；用键盘请选上面的社区": "Sketch map: point at the place; with a keyboard choose the community above",
    "{n} 张": "{n}",
    "谢谢您的评分。": "Thank you for the rating.",
    "已经涂黑，原来的字再也打不开。": "Blacked out; nobody can read the old words again.",
    "请选一到五颗星。": "Choose one to five stars.",
    "请写一两句话，或者选照片。": "Write a sentence or two, or choose photographs.",
    "请照原样写出要涂黑的字。": "Write the words to black out exactly as they stand.",
    "您写的内容里没有这几个字，请照原样写。": "You did not write these words; write them exactly as they stand.",
    "这次办得怎么样？": "How well was it done?",
    "几颗星": "Stars",
    "评的是这件事的结果，不是哪个人。": "You rate the result, not a person.",
    "{n} 星": "{n} stars",
    "提交评分": "Send the rating",
    "您的评分：{n}": "Your rating: {n}",
    "您发的照片": "Your photograph",
    "要涂黑的字（写错了姓名、电话的，照原样写在这里）": "Words to black out (a name or number you should not have written: exactly as it stands)",
    "涂黑以后谁也打不开，包括我们。其余的字不变。": "Nobody can read them afterwards, we neither. All other words stay.",
    "涂黑": "Black out",
    "反映人的评分": "The reporter's rating",
}
