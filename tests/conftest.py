"""What every test can count on. Tests of the kernel and of the house need no database, and get none."""

import os
import shutil
from pathlib import Path

import hypothesis
import pytest

TESTS = Path(__file__).parent
WITHOUT_DATABASE = ("kernel", "architecture", "wiring")

hypothesis.settings.register_profile("short", max_examples=100, deadline=None)
hypothesis.settings.register_profile("long", max_examples=10_000, deadline=None)
hypothesis.settings.load_profile("short")


def needs_database(config):
    folders = [(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args]
    return not all(any(f.is_relative_to(TESTS / name) for name in WITHOUT_DATABASE) for f in folders)


def pytest_configure(config):
    """Start the cluster before Django's settings are read: pytest-django reads them after this."""
    if not needs_database(config):
        return
    import django

    import database
    from bihuan.wiring.postgres import temporary_cluster

    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        cluster = temporary_cluster()
        info = cluster.__enter__()
        config.add_cleanup(lambda: cluster.__exit__(None, None, None))
        database.migrate_template(info)
        if getattr(config.option, "numprocesses", None):
            return
    # Not before this: a worker that inherited the settings' name would have read them with another's address.
    database.create_copy(f"w_{worker or 'alone'}")
    django.setup()


@pytest.fixture(scope="session")
def cleaner():
    import database

    cleaner = database.Cleaner(os.environ[database.OWNER_URL])
    yield cleaner
    cleaner.connection.close()


@pytest.fixture(scope="session")
def django_db_setup(cleaner):
    """The database is there. Django would flush as the application, which owns no table and so may not."""
    from django.test import TransactionTestCase

    TransactionTestCase._fixture_teardown = lambda _: cleaner.clean()


@pytest.fixture
def clean_db(django_db_setup, django_db_blocker, cleaner):
    """A database in which the test really commits, over as many connections as it likes; put back afterwards."""
    with django_db_blocker.unblock():
        yield
        from django.db import connections

        connections.close_all()
    cleaner.clean()


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium. Without one the test is skipped, except where CI=true and we are root."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    if os.environ.get("CI") == "true" and os.geteuid() == 0:
        pytest.fail("No Chromium: run make browser.")
    pytest.skip("没有 Chromium，跳过浏览器测试。 No Chromium: run make browser.")
