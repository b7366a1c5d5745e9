"""What this door says, in Chinese and English. Refusals of the loop have their words in the desk."""

from __future__ import annotations

from collections.abc import Mapping

from bihuan.faces.rest.words import Language

Pair = tuple[str, str]

# Code → what is wrong and what to do. ``{name}`` is filled from the facts.
WRONG: Mapping[str, Pair] = {
    "api-key-missing": (
        "需要 api_key:请在表单里给出有 report 权限的令牌。",
        "An api_key is needed: send a token with the scope 'report' as api_key.",
    ),
    "api-key-unknown": (
        "api_key 无效:不存在、已到期或已作废。请向管理员申请。",
        "The api_key is not good: unknown, expired or revoked. Ask an administrator for one.",
    ),
    "api-key-scope": (
        "这个 api_key 没有 report 权限。请向管理员申请。",
        "This api_key lacks the scope 'report'. Ask an administrator for one that has it.",
    ),
    "jurisdiction-unknown": (
        "jurisdiction_id '{given}' 不在这里;这里是 {ours},也可以不写。",
        "jurisdiction_id '{given}' is not served here; this is {ours}, and it may be left out.",
    ),
    "service-missing": ("请给出 service_code。", "service_code is needed; services.json lists them."),
    "service-unknown": (
        "没有 service_code '{given}';可用的见 services。", "There is no service_code '{given}'; see services.",
    ),
    "request-unknown": (
        "没有这个 service_request_id,或它没有公开。", "There is no such service_request_id, or it is not public.",
    ),
    "token-unknown": ("没有这个 token。", "There is no such token."),
    "media-unknown": ("没有这张照片。", "There is no such picture."),
    "nothing-here": (
        "这里没有资源;接口地址见 /open311/discovery.xml。", "Nothing is here; see /open311/discovery.xml.",
    ),
    "location-missing": (
        "请给出地点:lat 和 long,或 address_string,或 address_id。",
        "A location is needed: lat and long, or address_string, or address_id.",
    ),
    "location-half": ("lat 和 long 要一起给。", "lat and long are needed together."),
    "number-wrong": (
        "{field}:'{given}' 不是 {least} 到 {most} 之间的数。",
        "{field}: '{given}' is not a number from {least} to {most}.",
    ),
    "date-wrong": (
        "{field}:'{given}' 不是带时区的时间,例如 2026-01-01T08:00:00+08:00。",
        "{field}: '{given}' is not a time with its zone such as 2026-01-01T08:00:00Z.",
    ),
    "span-too-long": (
        "start_date 与 end_date 最多相隔 {most} 天。", "start_date and end_date may lie {most} days apart at most.",
    ),
    "status-wrong": ("status 只能是 open 或 closed。", "status is open or closed."),
    "too-many-ids": ("一次最多 {most} 个编号。", "At most {most} ids at once."),
    "text-too-long": ("{field} 最多 {most} 个字符。", "{field}: at most {most} characters."),
    "text-control": ("{field} 含有不能用的控制字符。", "{field} holds a control character."),
    "text-encoding": (
        "内容不是 UTF-8{guess}。请用 UTF-8 发送。", "This is not UTF-8{guess}. Send UTF-8.",
    ),
    "form-malformed": ("表单读不了:{what}", "The form cannot be read: {what}"),
    "address-id-wrong": (
        "address_id 应为地点的统计区划代码(数字)。", "address_id is the statistical code of the place, in digits.",
    ),
    "media-url-wrong": ("media_url 应为 http 或 https 地址。", "media_url must be an http or https address."),
    "too-many-photos": ("最多 {most} 张照片。", "At most {most} pictures."),
    "attribute-unknown": ("没有属性 '{given}';见服务定义。", "There is no attribute '{given}'; see the definition."),
    "attribute-value": (
        "属性 {field} 没有 '{given}' 这个值;见服务定义。",
        "Attribute {field} has no value '{given}'; see the definition.",
    ),
}  # fmt: skip

STATUS: Mapping[str, Pair] = {
    "registered": ("已登记", "Reported"),
    "accepted": ("已受理,待派遣", "Accepted, to be sent to a unit"),
    "dispatched": ("已派遣,待接单", "Sent to a unit"),
    "working": ("办理中", "Being worked on"),
    "answered": ("已办完,待核查", "Done, to be verified"),
    "verifying": ("核查中", "Being verified"),
    "closed": ("已结案,经他人核查", "Closed, verified by somebody else"),
    "archived": ("已归档", "Archived"),
    "merged": ("已并入另一件", "Merged into another request"),
    "declined": ("不属于受理范围", "Not for this city to handle; the answer names the rightful route"),
}
CONTACT: Pair = ("{unit}{phone}", "{unit}{phone}")
KEY_SERVICE: Pair = (
    "api_key 是有 report 权限的令牌,由本区管理员发放(bihuan token new)。",
    "An api_key is a token with the scope 'report'; the district's administrator issues it (bihuan token new).",
)
NOTICE: Pair = (
    "查询码 {code}:凭它随时查进度、提意见,请保管好。{clock}",
    "Receipt {code}: it leads to the report, and lets its holder confirm or dispute. Keep it to yourself.{clock}",
)
NOTICE_CALL = (
    "您写到了“{word}”：如果情况紧急，请立刻拨打 119、120 或 110，不要等这里的答复。",
    "You wrote “{word}”: if it is urgent call 119, 120 or 110 at once; do not wait for an answer here. ",
)
NOTICE_CLOCK: Pair = ("承诺时限:{due}。", " Next promise: {due}.")

ATTRIBUTES: Mapping[str, tuple[Pair, Pair]] = {
    "conditions": (
        ("立案条件:{accept};结案条件:{close}", "Taken when: {accept} Closed when: {close}"), ("", ""),
    ),
    "occurred_at": (("什么时候发生的", "When it happened"), ("带时区的时间", "A time with its zone")),
    "barred": (
        (
            "反映的事情涉及哪些单位:它们和下级都看不到这件事",
            "Units the matter accuses: neither they nor units below them will see it",
        ),
        ("可选多个", "One or more"),
    ),
    "confidential": (
        ("不公开,只有经办人能看", "Keep it from the public; only those who work on it see it"), ("", ""),
    ),
}  # fmt: skip
CONFIDENTIAL: Mapping[str, Pair] = {"no": ("否", "No"), "yes": ("是", "Yes")}


def say(pair: Pair, language: Language, **values: object) -> str:
    return pair[language == "en"].format(**values)
