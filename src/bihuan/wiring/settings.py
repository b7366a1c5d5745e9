"""All settings. Each comes from the environment; an unknown ``BIHUAN_`` variable stops the start."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from bihuan.scenes import HERE as SCENES_HERE
from bihuan.wiring.papers import data_folder

KNOWN = {
    "BIHUAN_DATABASE_URL": "where the application logs in (role without tables)",
    "BIHUAN_OWNER_DATABASE_URL": "where migrations log in (role that owns the tables)",
    "BIHUAN_DATA": "folder for the embedded database, keys and files",
    "BIHUAN_ADDRESS": "host:port to serve on",
    "BIHUAN_SECRET_KEY": "secret of the web application",
    "BIHUAN_SECRET_KEY_FILE": "file that holds that secret",
    "BIHUAN_DEBUG": "1 for a developer's machine",
    "BIHUAN_HOSTS": "host names served, separated by commas",
    "BIHUAN_DISTRICT": "code of the district",
    "BIHUAN_COUNTRY": "country whose calendar holds",
    "BIHUAN_ZONE": "time zone of the district",
    "BIHUAN_SCENES": "scenes that are on, separated by commas",
    "BIHUAN_WEB_WORKERS": "web processes",
    "BIHUAN_HTTPS": "1 when served behind HTTPS",
    "BIHUAN_TRUSTED_PROXIES": "addresses and networks whose X-Forwarded headers are believed, separated by commas",
    "BIHUAN_RATE": "reports a minute from one address",
    "BIHUAN_TOKEN_RATE": "API requests a minute with one token, in each web process",
    "BIHUAN_WEBHOOK_ALLOW_PRIVATE": "private networks that webhooks may reach: 10.20.0.0/16,192.168.7.5; 1 for all",
    "BIHUAN_MAIL": "mail server: smtp://user:password@host:587/?from=bihuan@example.org&tls=starttls (or ssl)",
    "BIHUAN_NOTICE_SERVICES": "services of Apprise by which staff may be told, by their schemes, separated by commas",
    "BIHUAN_SITE": "address of this site for links in letters: https://bihuan.example.org",
    "BIHUAN_MQTT": "broker of sensors: mqtt://user:password@host:1883 (mqtts:// with TLS); embedded starts one here",
    "BIHUAN_NATS": "servers of the bus of signals, separated by commas: nats://a:4222,nats://b:4222,nats://c:4222",
    "BIHUAN_TEST_CLUSTER": "set by the test suite: the cluster that its workers share",
}

unknown = sorted(name for name in os.environ if name.startswith("BIHUAN_") and name not in KNOWN)
if unknown:
    raise ImproperlyConfigured(
        f"Unknown setting {', '.join(unknown)}; correct the name or unset it. Known are {', '.join(sorted(KNOWN))}."
    )


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str) -> bool:
    value = env(name, "0")
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name}={value!r}: write 1 or 0.")
    return value == "1"


def whole(name: str, default: int) -> int:
    value = env(name, str(default))
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name}={value!r}: write a whole number.")
    return int(value)


def networks(name: str) -> list[str]:
    """Addresses and networks. Everybody is not one of them: he could then say that he is anybody."""
    found = [part.strip() for part in env(name).split(",") if part.strip()]
    for one in found:
        try:
            is_everybody = ip_network(one).prefixlen == 0
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name}: {error}; write addresses and networks such as 127.0.0.1,10.0.0.0/8."
            ) from None
        if is_everybody:
            raise ImproperlyConfigured(f"{name}: {one} is everybody; name the proxies alone.")
    return found


def reachable(name: str) -> list[str]:
    """Addresses and networks, separated by commas; 1 stands for every one."""
    given = ["0.0.0.0/0", "::/0"] if env(name) == "1" else [one.strip() for one in env(name).split(",") if one.strip()]
    try:
        return [str(ip_network(one)) for one in given if one != "0"]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}; write networks such as 10.20.0.0/16, or 1.") from error


class Mail(NamedTuple):
    host: str
    port: int
    user: str
    password: str
    tls: str
    sender: str


def mail(url: str) -> Mail:
    """Without an address there is no mail: an empty host."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    tls = asked.get("tls", "")
    if url and (
        parts.scheme != "smtp" or not parts.hostname or tls not in {"", "starttls", "ssl"} or not asked.get("from")
    ):
        raise ImproperlyConfigured(
            "BIHUAN_MAIL: write smtp://user:password@host:587/?from=bihuan@example.org&tls=starttls (or ssl, or none)."
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Mail(parts.hostname or "", parts.port or 25, user, password, tls, asked.get("from", "bihuan@localhost"))


def database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if url and parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(f"A database address must begin with postgresql://, not {parts.scheme}://.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]) or "bihuan",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {"prepare_threshold": 2, "server_side_binding": True},
    }


DATA = data_folder()
DISTRICT = env("BIHUAN_DISTRICT", "500103")
COUNTRY = env("BIHUAN_COUNTRY", "CN")
ZONE = env("BIHUAN_ZONE", "Asia/Shanghai")
SCENES = [key for key in env("BIHUAN_SCENES", "city,riders,mediation,petitions,commitments,forms").split(",") if key]
SCENE_PAGES = [key for key in SCENES if (SCENES_HERE / key / "urls.py").is_file()]
REPORTS_PER_MINUTE = whole("BIHUAN_RATE", 30)
TOKEN_REQUESTS_PER_MINUTE = whole("BIHUAN_TOKEN_RATE", 120_000)
WEBHOOK_ALLOWED = reachable("BIHUAN_WEBHOOK_ALLOW_PRIVATE")

MQTT = env("BIHUAN_MQTT")
NATS = [one for one in env("BIHUAN_NATS").split(",") if one]

NOTICE_SERVICES = env("BIHUAN_NOTICE_SERVICES", "wecombot,wechat,dingtalk,feishu,lark,wxpusher,schan").split(",")
SITE = env("BIHUAN_SITE").rstrip("/")
_mail = mail(env("BIHUAN_MAIL"))
EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.tls == "starttls", _mail.tls == "ssl"
DEFAULT_FROM_EMAIL = _mail.sender
EMAIL_TIMEOUT = 10

DATABASES = {"default": database(env("BIHUAN_DATABASE_URL"))}

DEBUG = flag("BIHUAN_DEBUG")
ALLOWED_HOSTS = env("BIHUAN_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
_secret_file = env("BIHUAN_SECRET_KEY_FILE")
SECRET_KEY = env("BIHUAN_SECRET_KEY") or (
    Path(_secret_file).read_text(encoding="ascii").strip() if _secret_file else "only-for-commands-that-sign-nothing"
)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "bihuan.desk",
    "bihuan.faces",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "bihuan.faces.typed.read_gbk",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "bihuan.wiring.revive.Patience",  # last: it calls the view itself, after all others have agreed
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_VERBOSE = False
AXES_HANDLER = "bihuan.wiring.logins.AddressToo"
AXES_LOCKOUT_CALLABLE = "bihuan.faces.pages.locked"
ROOT_URLCONF = "bihuan.wiring.urls"
WSGI_APPLICATION = "bihuan.wiring.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": [SCENES_HERE / key / "templates" for key in SCENES],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "bihuan.faces.pages.context",
            ]
        },
    }
]
SESSION_COOKIE_HTTPONLY = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = flag("BIHUAN_HTTPS")
# A proxy ends HTTPS: what reaches us is plain, while browsers say https:// in Origin.
CSRF_TRUSTED_ORIGINS = [
    f"https://{'*' * host.startswith('.')}{host}" for host in ALLOWED_HOSTS if SESSION_COOKIE_SECURE
]
TRUSTED_PROXIES = networks("BIHUAN_TRUSTED_PROXIES")
SESSION_COOKIE_AGE = 12 * 3600
CSRF_FAILURE_VIEW = "bihuan.faces.pages.csrf_failure"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/console/"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "media-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = ZONE
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "bihuan.wiring.discreet.Masked", "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # Apprise names addresses and tokens when it fails; what failed stands with the way.
    "loggers": {"bihuan": {"level": "INFO"}, "apprise": {"level": "CRITICAL"}},
}
