"""One door for all addresses: ``/sta/v1.1/Things(1)/Datastreams?$top=5``. A token with the scope ``signal``."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlencode

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from bihuan.desk import api as desk
from bihuan.faces.rest import auth
from bihuan.faces.rest.problems import Problem
from bihuan.faces.sensorthings.query import BadQueryError, Query, parse
from bihuan.faces.sensorthings.shape import KINDS, Asked, Found, Shower, kind_of
from bihuan.faces.sensorthings.writing import BadEntityError, Writer

MOST_BODY, DEEP = 8 * 1024 * 1024, 6
_SEGMENT = re.compile(r"([A-Za-z]+)(?:\((?:(\d{1,18})|'([0-9-]{1,40})')\))?")
CONFORMANCE = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
SPOKEN = (
    "datamodel", "resource-path/resource-path-to-entities", "request-data/filter", "request-data/expand",
    "request-data/select", "request-data/orderby", "request-data/top", "request-data/skip", "request-data/count",
    "create-update-delete/create-entity", "create-update-delete/link-to-existing-entities",
    "create-update-delete/deep-insert", "create-update-delete/update-entity", "create-update-delete/delete-entity",
    "data-array/data-array",
)  # fmt: skip


class WrongError(Exception):
    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


@csrf_exempt
def door(request: HttpRequest, path: str) -> HttpResponse:
    try:
        caller = _caller(request)
        root = request.build_absolute_uri("/sta/v1.1")
        visit = _Visit(request, root, caller)
        return visit.answer(path.strip("/"))
    except Problem as problem:
        answer = _reply({"code": problem.status, "type": "error", "message": problem.code}, problem.status)
        answer["WWW-Authenticate"] = 'Basic realm="bihuan"'
        return answer
    except WrongError as wrong:
        return _reply({"code": wrong.status, "type": "error", "message": str(wrong)}, wrong.status)
    except (BadQueryError, BadEntityError) as error:
        return _reply({"code": 400, "type": "error", "message": str(error)}, 400)
    except LookupError as error:
        return _reply({"code": 404, "type": "error", "message": str(error)}, 404)
    except ValueError as error:
        return _reply({"code": 409, "type": "error", "message": str(error)}, 409)


def _caller(request: HttpRequest) -> desk.Caller:
    """A bearer token; or the same as the password of HTTP Basic, which is what clients of others can send."""
    kind, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() == "basic":
        try:
            token = base64.b64decode(given, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            token = ""
        request.META["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return auth.caller_of(request, "signal")


def _reply(told: Any, status: int = 200) -> HttpResponse:  # noqa: ANN401 - any JSON
    return HttpResponse(orjson.dumps(told), content_type="application/json", status=status)


class _Visit:
    def __init__(self, request: HttpRequest, root: str, caller: desk.Caller) -> None:
        self._request, self._root = request, root
        self._unit = caller.actor.unit
        self._shower = Shower(root, self._unit)
        self._writer = Writer(self._unit, f"{self._unit}/{caller.token}")

    def answer(self, path: str) -> HttpResponse:
        if not path:
            self._need_method("GET")
            links = [{"name": kind, "url": f"{self._root}/{kind}"} for kind in KINDS]
            settings = {"conformance": [CONFORMANCE + one for one in SPOKEN]}
            return _reply({"value": links, "serverSettings": settings})
        if path == "CreateObservations":
            self._need_method("POST")
            keys = self._writer.observe_arrays(self._body())
            return _reply([one if one == "error" else f"{self._root}/Observations('{one}')" for one in keys], 201)
        parts = unquote(path).split("/")
        way = [match for match in map(_SEGMENT.fullmatch, parts) if match]
        if len(way) != len(parts) or len(way) > DEEP:
            raise WrongError(404, "there is nothing at this address")
        last = way.pop()
        parent: Found | None = None
        for match in way:
            parent = self._one(parent, match)
        return self._collection(parent, last) if last[2] is last[3] is None else self._entity(parent, last)

    def _need_method(self, *allowed: str) -> None:
        if self._request.method not in allowed:
            raise WrongError(405, f"{self._request.method}: there is {', '.join(allowed)}")

    def _body(self) -> Any:  # noqa: ANN401 - whatever somebody sent
        raw = self._request.read(MOST_BODY + 1)
        if len(raw) > MOST_BODY:
            raise WrongError(413, "8 MB at most")
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise WrongError(400, f"this is no JSON: {error}") from None

    def _object(self) -> Mapping[str, Any]:
        given = self._body()
        if not isinstance(given, dict):
            raise WrongError(400, "an object belongs here")
        return given

    def _one(self, parent: Found | None, match: re.Match[str]) -> Found:
        name = match[1]
        if match[2] is None and match[3] is None:
            found = self._shower.linked(parent, name, Query(top=1)) if parent else []
            if parent is None or name in KINDS:
                raise WrongError(404, f"{name}: which one?")
        elif name not in KINDS:
            raise WrongError(404, f"{name}: there are {', '.join(KINDS)}")
        else:
            found = self._shower.listed(name, _by_key(name, match))
        if not found:
            raise WrongError(404, f"there is no {match[0]}")
        return found[0]

    # -- one ------------------------------------------------------------------------------------------------------

    def _entity(self, parent: Found | None, match: re.Match[str]) -> HttpResponse:
        found = self._one(parent, match)
        kind = kind_of(found)
        if self._request.method == "GET":
            return _reply(self._shower.shown(found, self._query()))
        if isinstance(found, desk.things.Observation):
            raise WrongError(405, "what was observed stays as it is")
        self._need_method("GET", "PATCH", "PUT", "DELETE")
        if self._request.method == "DELETE":
            desk.things.end(self._unit, kind, found.id)
        elif "json-patch" in self._request.META.get("CONTENT_TYPE", ""):
            steps = self._body()
            self._writer.patch(kind, found.id, steps if isinstance(steps, list) else [steps])
        else:
            self._writer.change(kind, found.id, self._object(), whole=self._request.method == "PUT")
        return _reply({})

    def _query(self) -> Query:
        return parse({name: values[-1] for name, values in self._request.GET.lists()})

    # -- many -----------------------------------------------------------------------------------------------------

    def _collection(self, parent: Found | None, match: re.Match[str]) -> HttpResponse:
        name = match[1]
        if self._request.method == "POST":
            return self._create(parent, name)
        query = self._query()
        if parent is not None and name not in KINDS:
            self._need_method("GET")
            if name not in KINDS[kind_of(parent)].links:
                return self._value(parent, name)
            found = self._shower.linked(parent, name, replace(query, top=1))
            if not found:
                raise WrongError(404, f"there is no {name}")
            return _reply(self._shower.shown(found[0], query))
        self._need_method("GET", "POST")
        more = replace(query, top=query.top + 1)
        counted: Callable[[], int]
        if parent is None:
            if name not in KINDS:
                raise WrongError(404, f"{name}: there are {', '.join(KINDS)}")
            found = self._shower.listed(name, more.asked(name))
            counted = lambda: self._shower.counted(name, query.asked(name))  # noqa: E731 - not always asked for
        else:
            found = self._shower.linked(parent, name, more)
            counted = lambda: self._shower.count(parent, name, query)  # noqa: E731 - as above
        told: dict[str, Any] = {"@iot.count": counted()} if query.count else {}
        if len(found) > query.top:
            told["@iot.nextLink"] = self._next(query)
        return _reply({**told, "value": [self._shower.shown(one, query) for one in found[: query.top]]})

    def _next(self, query: Query) -> str:
        asked = {name: values[-1] for name, values in self._request.GET.lists()}
        asked |= {"$skip": str(query.skip + query.top), "$top": str(query.top)}
        return f"{self._request.build_absolute_uri(self._request.path)}?{urlencode(asked)}"

    def _value(self, parent: Found, name: str) -> HttpResponse:
        """``Things(1)/name``."""
        told = self._shower.shown(parent, Query())
        if name not in told:
            raise WrongError(404, f"{name}: there is nothing at this address")
        return _reply({name: told[name]})

    def _create(self, parent: Found | None, name: str) -> HttpResponse:
        if name not in KINDS:
            raise WrongError(404, f"{name}: there are {', '.join(KINDS)}")
        links: dict[str, Any] = {}
        if parent is not None:
            column = {
                ("Things", "Datastreams"): "thing", ("Sensors", "Datastreams"): "sensor",
                ("ObservedProperties", "Datastreams"): "property", ("Datastreams", "Observations"): "series",
                ("Things", "Locations"): "on",
            }.get((kind_of(parent), name))  # fmt: skip
            if column is None or isinstance(parent, desk.things.Observation):
                raise WrongError(405, f"nothing is posted to {name} here")
            links[column] = parent.id
        key = self._writer.create(name, self._object(), **links)
        (made,) = self._shower.listed(name, _asked(name, key))
        answer = _reply(self._shower.shown(made, Query()), 201)
        answer["Location"] = self._shower.link(made)
        return answer


def _by_key(kind: str, match: re.Match[str]) -> Asked:
    if (kind == "Observations") is (match[3] is None):
        raise WrongError(404, f"there is no {match[0]}")
    return _asked(kind, match[3] or int(match[2]))


def _asked(kind: str, key: int | str) -> Asked:
    if kind != "Observations":
        return Asked("id = %s", [key])
    series, _, micros = str(key).partition("-")
    if not series.isdecimal() or not micros.isdecimal() or len(series) > 18 or len(micros) > 16:
        raise WrongError(404, f"there is no Observations('{key}')")
    at = datetime.fromtimestamp(int(micros) // 1_000_000, UTC).replace(microsecond=int(micros) % 1_000_000)
    return Asked("d.id = %s AND s.happened = %s", [int(series), at], "s.happened")
