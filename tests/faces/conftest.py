"""A district of our own with people who can sign in: what the tests of pages play with."""

import pytest


@pytest.fixture
def district(clean_db):
    """Units, posts, accounts and the rulebook of the ``city`` scene."""
    import page_district

    page_district.build()
    return page_district
