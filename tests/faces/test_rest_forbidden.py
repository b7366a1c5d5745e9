"""The thirty forbidden requests over REST: 403 with the law, or 404 as for nothing, and a trace of each."""

import pytest
from django.db import connection

from bihuan.desk import api as desk
from bihuan.desk import names, rulebooks, units
from bihuan.faces.rest import limits
from forbidden import ACCUSER, SECRET, THIRTY, build_cast
from rest_site import Program
from seal_cast import traces

OVER_REST = [one for one in THIRTY if one.url]


@pytest.fixture
def cast(clean_db):
    for known in (names, rulebooks, limits):
        known.forget()
    yield build_cast()
    for known in (names, units):
        known.forget()


def program(actor) -> Program:
    """A program with every scope of this person's post; whoever has no post comes without a token."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM post WHERE person_id::text = %s", [actor.person])
        post = cursor.fetchone()
    return Program(desk.issue_token(post[0], "test", desk.SCOPES)) if post else Program()


@pytest.mark.parametrize("forbidden", OVER_REST, ids=lambda one: one.name)
def test_forbidden_requests_are_refused_over_rest_and_traced(cast, forbidden):
    actor = getattr(cast, forbidden.who)
    url = forbidden.url.format(care=cast.care, accusation=cast.accusation)
    caller = program(actor)
    if url.endswith("/notes"):
        response = caller.post(url, {"text": "I know of it"}, X_Purpose="duty")
    else:
        response = caller.get(url, **({} if "without saying why" in forbidden.name else {"X_Purpose": "duty"}))
    problem = response.json()
    if caller.headers:
        assert response.status_code == (403 if forbidden.law in {7, 9} else 404)
        assert problem.get("law") == (forbidden.law or None)
        (trace,) = traces(outcome="refused")
        assert (trace["person"], trace["unit"]) == (actor.person, actor.unit)
    else:
        assert response.status_code == 401
    assert str(ACCUSER) not in response.content.decode()
    assert SECRET not in response.content.decode()
