"""Telling staff outside the house: by mail, by a service that Apprise knows, by a telephone's push service.

What leaves holds numbers, dates and whose turn it is; of an unsealed case its category by mail and service too.
"""

from __future__ import annotations

import json
import smtplib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.utils.translation import override

from bihuan.adapters.http import HttpPoster
from bihuan.desk.ports import Bulletin, Letter, NotDelivered
from bihuan.faces import bulletins, notices

# Services whose host is their own. Others go where the person says, and so only where this server may post to.
OWN_HOSTS = frozenset({"wecombot", "wechat", "dingtalk", "feishu", "lark", "wxpusher", "schan"})
NO_PUSH = "这不是浏览器给的推送地址。 This is no push address of a browser."
GONE = frozenset({404, 410})
LIVES = 24 * 3600  # seconds that a push service keeps what it could not hand over yet


class Settings(Protocol):
    """What a site sets for this."""

    EMAIL_HOST: str
    DEFAULT_FROM_EMAIL: str
    SITE: str
    NOTICE_SERVICES: Sequence[str]
    WEBHOOK_ALLOWED: Sequence[str]


class Ways:
    """A ``Teller``."""

    def __init__(self, settings: Settings, push_key: str = "") -> None:
        self._settings = settings
        self._push_key = push_key
        self._poster = HttpPoster(settings.WEBHOOK_ALLOWED)
        self._tell: Mapping[str, Callable[[str, Letter], None]] = {
            "mail": self._mail,
            "service": self._service,
            "push": self._push,
        }

    def check(self, kind: str, address: str) -> None:
        if kind == "mail":
            self._need_mail()
            try:
                validate_email(address)
            except ValidationError:
                raise ValueError("这不是一个邮箱地址。 This is no mail address.") from None
        elif kind == "service":
            self._need_service(address)
        else:
            self._poster.check(self._subscription(address)["endpoint"])

    def tell(self, kind: str, address: str, letter: Letter) -> None:
        try:
            self._tell[kind](address, letter)
        except ValueError as error:
            raise NotDelivered(str(error)) from None

    def _need_mail(self) -> None:
        if not self._settings.EMAIL_HOST:
            raise ValueError("管理员还没有设置发信服务器（BIHUAN_MAIL）。 No mail server is set here (BIHUAN_MAIL).")

    def _mail(self, address: str, letter: Letter) -> None:
        self._need_mail()
        with override("en" if letter.language == "en" else "zh-hans"):
            title, text = notices.title(letter), notices.text(letter, self._settings.SITE)
        _send(EmailMessage(title, text, to=[address], headers={"Message-ID": f"<{letter.key}@bihuan>"}))

    def write(self, address: str, bulletin: Bulletin) -> None:
        try:
            self._need_mail()
        except ValueError as error:
            raise NotDelivered(str(error)) from None
        stop = bulletins.link(bulletin, self._settings.SITE)
        with override("en" if bulletin.language == "en" else "zh-hans"):
            title, text = bulletins.title(bulletin), bulletins.text(bulletin, self._settings.SITE)
        headers = {"Message-ID": f"<{bulletin.key}@bihuan>", "List-Unsubscribe": f"<{stop}>"}
        _send(EmailMessage(title, text, to=[address], headers=headers))

    def _need_service(self, address: str) -> None:
        import apprise  # noqa: PLC0415 - large, and only needed here

        scheme = urlsplit(address).scheme.lower()
        if scheme not in self._settings.NOTICE_SERVICES:
            known = "、".join(self._settings.NOTICE_SERVICES)
            raise ValueError(f"可用的服务：{known}。 Services that may be used here: {', '.join(known.split('、'))}.")
        if apprise.Apprise.instantiate(address, suppress_exceptions=True) is None:
            raise ValueError(f"{scheme}: 地址写法不对，见 Apprise 的说明。 Malformed; see what Apprise says about it.")
        if scheme not in OWN_HOSTS:
            self._poster.reach(f"http://{urlsplit(address).netloc.rpartition('@')[2]}")

    def _service(self, address: str, letter: Letter) -> None:
        import apprise  # noqa: PLC0415 - as above

        self._need_service(address)
        with override("en" if letter.language == "en" else "zh-hans"):
            title, text = notices.title(letter), notices.text(letter, self._settings.SITE)
        service = apprise.Apprise.instantiate(address)
        if not isinstance(service, apprise.NotifyBase) or not service.notify(body=text, title=title):
            raise NotDelivered(f"{urlsplit(address).scheme}: the service did not take it")

    def _subscription(self, address: str) -> dict[str, Any]:
        """As the browser gave it. Raises ``ValueError``."""
        if not self._push_key:
            raise ValueError("这里没有推送密钥。 There is no push key here.")
        try:
            found = json.loads(address)
            endpoint, keys = str(found["endpoint"]), {name: str(found["keys"][name]) for name in ("p256dh", "auth")}
        except (ValueError, TypeError, KeyError):
            raise ValueError(NO_PUSH) from None
        return {"endpoint": endpoint, "keys": keys}

    def _push(self, address: str, letter: Letter) -> None:
        from py_vapid import Vapid02  # noqa: PLC0415 - with the next one large, and only needed here
        from pywebpush import WebPusher, WebPushException  # noqa: PLC0415

        told = self._subscription(address)
        parts = urlsplit(told["endpoint"])
        with override("en" if letter.language == "en" else "zh-hans"):
            text = json.dumps({"title": notices.title(letter), "body": notices.turns(letter)}, ensure_ascii=False)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(time.time()) + LIVES // 2,
            "sub": f"mailto:{self._settings.DEFAULT_FROM_EMAIL}",
        }
        try:
            body = bytes(WebPusher(told).encode(text.encode())["body"])
        except (WebPushException, ValueError) as error:
            raise NotDelivered(f"push: {error}"[:200], for_good=True) from None
        headers = {
            **Vapid02.from_pem(self._push_key.encode()).sign(claims),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(LIVES),
            "Topic": "bihuan-notices",
            "Urgency": "high" if any(one.is_urgent for one in letter.lines) else "normal",
        }
        reply = self._poster.post(told["endpoint"], headers, body)
        if not 200 <= reply.status < 300:
            raise NotDelivered(f"push: answered {reply.status}", for_good=reply.status in GONE)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise NotDelivered(f"the mail server refuses the address ({_code(error)})") from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotDelivered(f"mail: {type(error).__name__}: {error}"[:200]) from None


def _code(refused: smtplib.SMTPRecipientsRefused) -> str:
    return ", ".join(str(code) for code, _ in refused.recipients.values())
