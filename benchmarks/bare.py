"""The baseline of ``intake``: a bare WSGI endpoint that inserts the same rows with one SQL statement.

It does nothing else: no rules, no laws, no access, no encryption: the rows' contents are given; only ids are new.
"""

import os
import threading
import uuid

import orjson
import psycopg

_local = threading.local()
ROWS = orjson.loads(os.environ["BARE_ROWS"])
SQL = os.environ["BARE_SQL"]


def connection():
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["BARE_URL"], autocommit=True, prepare_threshold=2)
    return _local.connection


def application(environ, start_response):
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    orjson.loads(body)
    case = uuid.uuid4()
    names = [uuid.uuid4() for _ in range(ROWS["names"])]
    values = {
        **ROWS["values"],
        "case": case,
        "number": uuid.uuid4().int & ((1 << 62) - 1),
        "digest": os.urandom(32),
        "key": environ["HTTP_IDEMPOTENCY_KEY"],
        "outbox": [os.urandom(16).hex() for _ in range(ROWS["messages"])],
        "vault_key": names[:1],
        "vault_items": names[1:],
        "vault_keys": names[:1] * (len(names) - 1),
    }
    connection().execute(SQL, values)
    answer = orjson.dumps({"id": case, "number": values["number"]})
    start_response("201 Created", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]
