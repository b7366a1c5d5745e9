"""The real scenes on the demo district: their own tables, units and staff."""

import pytest

from bihuan import scenes
from bihuan.kernel.case import Role
from bihuan.kernel.evolve import fold

PURPOSE = "办理 handle"


class District:
    """Who does what: ``act`` sends a command as the first who holds a post of a unit in one of the roles."""

    def __init__(self, api, who):
        self.api, self.find = api, who

    def who(self, unit, *roles):
        found = self.find(unit, roles)
        assert found is not None, f"nobody is {roles} of {unit}"
        return found

    def act(self, case, command, unit, *roles, **more):
        return self.api.submit(command, by=self.who(unit, *roles), case=case, purpose=PURPOSE, **more)

    def report(self, scene, category, place="500103014001", text="请帮忙", by=None, **more):
        intake = self.api.Intake(category, place, "portal", {"text": text}, scene=scene, **more)
        return self.api.report(intake, by=by or self.api.ANONYMOUS, purpose="反映")

    def state(self, case):
        return fold(self.api.events_of(case, 1))

    def lead(self, case):
        return next(task for task in self.state(case).tasks if task.role is Role.LEAD)


@pytest.fixture
def site(district):
    """What the conformance suite asks for."""
    return district


@pytest.fixture
def district(clean_db, settings):
    from bihuan.demo import cases
    from bihuan.demo.load import load_demo
    from bihuan.desk import api, identity
    from bihuan.wiring.site import tell_scenes

    settings.SCENES = scenes.names()
    identity.forget_numbers()
    load_demo()
    tell_scenes()
    for key in scenes.names():
        if not [book for book in api.upkeep.books() if book.scene == key]:
            api.upkeep.import_book(scenes.load(key).tables, by="test")
    return District(api, cases.who)
