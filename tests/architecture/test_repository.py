"""What the repository may not carry: the traces of the machine that a file was written on."""

import re

from architecture.source import ROOT, tracked

# In two parts each, so that this file does not find itself.
HOSTS = ("pypi" + r"\.org", "python" + r"hosted\.org", "npm" + r"js\.org", "yarn" + r"pkg\.com", "mir" + r"rors\.")
PATHS = ("/wo" + "rk/(main|shared)", "/ho" + "me/[a-z]", "/ro" + r"ot/[\w.]", "/op" + "t/[a-z]", "/Us" + "ers/[a-z]")
TRACE = re.compile("|".join(HOSTS + PATHS))


def test_no_file_names_a_registry_or_a_machine():
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in TRACE.finditer(text)]
    assert found == []


def test_the_locks_carry_a_hash_for_every_package():
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        assert "://" not in path.read_text()
        assert "\n--" not in path.read_text()
        packages = re.findall(r"^[A-Za-z0-9][^\n]*==(?:[^\n]*\\\n)+[^\n]*", path.read_text(), flags=re.MULTILINE)
        assert len(packages) > 20
        assert all("--hash=sha256:" in package for package in packages)
        assert len(packages) == len(re.findall("^[A-Za-z0-9]", path.read_text(), flags=re.MULTILINE))
