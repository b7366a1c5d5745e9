"""Telling staff outside the house: by mail, by a service that Apprise knows, by a telephone's push service.

What leaves holds numbers, dates and whose turn it is; of an unsealed case its category by mail and service too.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.utils.translation import override

from bihuan.adapters.http import HttpPoster
from bihuan.desk.ports import Letter, NotDelivered
from bihuan.faces import notices

# Services whose host is their own. Others go where the person says, and so only where this server may post to.
OWN_HOSTS = frozenset({"wecombot", "wechat", "dingtalk", "feishu", "lark", "wxpusher", "schan"})
HOSTLESS = "{kind}: 管理员没有开通这种方式。 This way is not set up here."


class Settings(Protocol):
    """What a site sets for this."""

    EMAIL_HOST: str
    SITE: str
    NOTICE_SERVICES: Sequence[str]
    WEBHOOK_ALLOWED: Sequence[str]


class Ways:
    """A ``Teller``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._poster = HttpPoster(settings.WEBHOOK_ALLOWED)
        self._tell: Mapping[str, Callable[[str, Letter], None]] = {"mail": self._mail, "service": self._service}

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
            raise ValueError(HOSTLESS.format(kind=kind))

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
        message = EmailMessage(title, text, to=[address], headers={"Message-ID": f"<{letter.key}@bihuan>"})
        try:
            message.send()
        except smtplib.SMTPRecipientsRefused as error:
            raise NotDelivered(f"the mail server refuses the address ({_code(error)})") from None
        except (smtplib.SMTPException, OSError) as error:
            raise NotDelivered(f"mail: {type(error).__name__}: {error}"[:200]) from None

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


def _code(refused: smtplib.SMTPRecipientsRefused) -> str:
    return ", ".join(str(code) for code, _ in refused.recipients.values())
