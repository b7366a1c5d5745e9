"""Real data of others that stand beside the checkout and are no part of it. Without them a test is skipped, visibly."""

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).parents[2] / "shared" / "data"


def folder(name):
    found = Path(os.environ.get("SHARED_DATA", BESIDE)) / name
    if not found.is_dir():
        pytest.skip(
            f"没有数据集 {name}，跳过。 No data set {name}: put it beside the checkout, or name it in SHARED_DATA."
        )
    return found
