"""What the API itself says when it cannot take a request, in Chinese and English. Refusals have theirs in the desk."""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]

# Code → (title, title in English, what to do, the same in English). ``{name}`` is filled from the facts.
DOOR: dict[str, tuple[str, str, str, str]] = {
    "token-missing": (
        "需要令牌", "A token is needed",
        "请在请求头中给出 Authorization: Bearer <令牌>。", "Send the header Authorization: Bearer <token>.",
    ),
    "token-unknown": (
        "令牌无效", "The token is not good",
        "令牌不存在、已到期、已吊销，或其岗位已结束。请向管理员申请新的令牌。",
        "It is unknown, expired or revoked, or its post has ended. Ask an administrator for a new one.",
    ),
    "scope-missing": (
        "令牌的权限范围不够", "The token's scope does not cover this",
        "此操作需要其中之一：{needs}。", "This needs one of: {needs}.",
    ),
    "unit-not-yours": (
        "只能为本单位登记", "Only for your own unit",
        "unit 应为空(只推公开的),或为 {unit}。", "Leave unit empty (public cases only), or write {unit}.",
    ),
    "not-found": (
        "没有找到", "Nothing is here",
        "没有这样的资源，或您无权知道它是否存在。", "There is no such thing, or none that you may know of.",
    ),
    "method-not-allowed": (
        "不支持这种方法", "This method is not served here", "可用的方法：{allowed}。", "Methods here: {allowed}.",
    ),
    "stale": (
        "事项已有变化", "The case has changed meanwhile",
        "现在是第 {version} 版。请重新读取后再操作。", "It is now at version {version}. Read it again, then decide.",
    ),
    "key-reused": (
        "幂等键已用于别的请求", "The idempotency key was used for something else",
        "同一个键只能用于内容完全相同的请求。请换一个新的键。",
        "One key stands for one request, byte for byte. Choose a new key.",
    ),
    "keyring": (
        "密钥文件与数据库不配套", "The keyring does not belong to this database",
        "没有保存任何新内容。请管理员放回与数据库配套的密钥文件。",
        "Nothing new was stored. An administrator must put back the keyring that belongs to the database.",
    ),
    "key-malformed": (
        "幂等键写法不对", "The idempotency key is malformed",
        "请用 {least} 到 {most} 个可见的 ASCII 字符，例如 UUID。",
        "Use {least} to {most} visible ASCII characters, a UUID for instance.",
    ),
    "if-match-malformed": (
        "If-Match 写法不对", "If-Match is malformed",
        '请写事项的版本号，例如 "7"。', 'Write the version of the case, "7" for instance.',
    ),
    "body-missing": ("请求体是空的", "The body is empty", "请发送 JSON。", "Send JSON."),
    "length-missing": (
        "请求体没有长度", "The body has no length",
        "请给出 Content-Length，不要分块发送。", "Send Content-Length instead of chunks.",
    ),
    "body-too-large": (
        "请求体太大", "The body is too large", "最多 {most} 字节。", "At most {most} bytes.",
    ),
    "too-many-lines": ("行数太多", "Too many lines", "最多 {most} 行。", "At most {most} lines."),
    "cap-wrong": ("这条 CAP 不对", "This CAP is wrong", "{what}。", "{what}."),
    "media-type": (
        "不支持这种内容类型", "This media type is not taken",
        "请用 {allowed}（UTF-8）。", "Send {allowed}, in UTF-8.",
    ),
    "body-gbk": (
        "内容像是 GBK 编码", "This looks like GBK",
        "第 {at} 个字节起不是 UTF-8，按 GBK 则可读。请改用 UTF-8 发送。",
        "From byte {at} on this is not UTF-8, but reads as GBK. Send UTF-8.",
    ),
    "body-encoding": (
        "内容不是 UTF-8", "The body is not UTF-8",
        "第 {at} 个字节出错。请用 UTF-8 发送。", "Byte {at} is wrong. Send UTF-8.",
    ),
    "body-malformed": (
        "JSON 写法有误", "The JSON is malformed",
        "第 {line} 行第 {column} 列：{what}", "Line {line}, column {column}: {what}",
    ),
    "body-too-deep": (
        "JSON 嵌套太深", "The JSON is nested too deeply", "最多 {most} 层。", "At most {most} levels.",
    ),
    "invalid": (
        "有些内容不对", "Some values cannot be taken",
        "请看 errors：每一处的位置和原因。", "See errors for each place and its reason.",
    ),
    "text-unusable": (
        "地址或参数里有不能用的字符", "The address or a parameter holds characters that cannot be taken",
        "请去掉控制字符。", "Leave out control characters.",
    ),
    "too-many": (
        "请求太频繁", "Too many requests", "请在 {wait} 秒后再试。", "Try again in {wait} seconds.",
    ),
    "not-signed-yet": (
        "账本还没有签到这一步", "The ledger is not signed this far yet",
        "请过几秒再试。", "Try again in a few seconds.",
    ),
    "unavailable": (
        "暂时不能服务", "Not available at the moment", "请稍后再试。", "Try again later.",
    ),
    "internal": (
        "服务器出错", "The server made an error",
        "已记录，编号 {incident}。请把编号告诉管理员。",
        "It was recorded as {incident}. Tell an administrator this number.",
    ),
}  # fmt: skip

# What Pydantic finds → (Chinese, English). ``{…}`` is filled from the finding's context.
FINDINGS: dict[str, tuple[str, str]] = {
    "missing": ("缺少这一项", "this is missing"),
    "extra_forbidden": ("没有这一项，请去掉", "there is no such field; leave it out"),
    "string_type": ("应为文字", "must be text"),
    "string_too_long": ("太长，最多 {max_length} 个字符", "too long, at most {max_length} characters"),
    "string_too_short": ("太短，至少 {min_length} 个字符", "too short, at least {min_length} characters"),
    "string_pattern_mismatch": ("写法不对，应符合 {pattern}", "must match {pattern}"),
    "too_long": ("太多，最多 {max_length} 项", "too many, at most {max_length}"),
    "too_short": ("太少，至少 {min_length} 项", "too few, at least {min_length}"),
    "int_type": ("应为整数", "must be a whole number"),
    "int_from_float": ("应为整数", "must be a whole number"),
    "int_parsing": ("应为整数", "must be a whole number"),
    "float_type": ("应为数字", "must be a number"),
    "float_parsing": ("应为数字", "must be a number"),
    "finite_number": ("应为有限的数字", "must be a finite number"),
    "bool_type": ("应为 true 或 false", "must be true or false"),
    "bool_parsing": ("应为 true 或 false", "must be true or false"),
    "list_type": ("应为列表", "must be a list"),
    "dict_type": ("应为对象", "must be an object"),
    "model_attributes_type": ("应为对象", "must be an object"),
    "model_type": ("应为对象", "must be an object"),
    "greater_than_equal": ("不能小于 {ge}", "must be at least {ge}"),
    "less_than_equal": ("不能大于 {le}", "must be at most {le}"),
    "enum": ("应为其中之一：{expected}", "must be one of {expected}"),
    "literal_error": ("应为其中之一：{expected}", "must be one of {expected}"),
    "uuid_type": ("应为 UUID", "must be a UUID"),
    "uuid_parsing": ("应为 UUID", "must be a UUID"),
    "datetime_type": ("应为 RFC 3339 时间", "must be an RFC 3339 date and time"),
    "datetime_parsing": ("应为 RFC 3339 时间", "must be an RFC 3339 date and time"),
    "datetime_from_date_parsing": ("应为 RFC 3339 时间", "must be an RFC 3339 date and time"),
    "timezone_aware": ("时间要带时区", "the time must carry its zone"),
    "control": ("含有不能用的控制字符", "holds a control character"),
    "unknown_parameter": ("没有这个参数，请去掉", "there is no such parameter; leave it out"),
}


def language_of(accept: str) -> Language:
    """``zh`` unless the header prefers English. Weights are honoured; what is neither counts for nothing."""
    best: tuple[float, Language] = (0.0, "zh")
    for part in accept.split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        language: Language | None = "en" if tag[:2].lower() == "en" else "zh" if tag[:2].lower() == "zh" else None
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        if language is not None and quality > best[0]:
            best = (quality, language)
    return best[1]
