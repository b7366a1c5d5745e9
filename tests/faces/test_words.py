"""Every word on a page comes from the catalogue, in Chinese and in English."""

import ast
import pkgutil
import re
from html.parser import HTMLParser
from importlib import import_module  # noqa: TID251 - which scenes there are is found out
from pathlib import Path

import pytest

import bihuan.faces
from bihuan import scenes
from bihuan.faces import i18n

FACES = Path(bihuan.faces.__file__).parent
# Scenes with pages of their own: their templates and their words stand with them.
PAGED = [scenes.HERE / key for key in scenes.names() if (scenes.HERE / key / "urls.py").is_file()]
OF_SCENES = {one.name: import_module(f"bihuan.scenes.{one.name}.words").ENGLISH for one in PAGED}
ENGLISH = {text: english for part in (i18n.ENGLISH, *OF_SCENES.values()) for text, english in part.items()}
TEMPLATES = sorted(path for folder in (FACES, *PAGED) for path in (folder / "templates").rglob("*.html"))
CODE = [
    *sorted(p for p in FACES.rglob("*.py") if not {"i18n", "rest", "open311"} & set(p.relative_to(FACES).parts)),
    *(path for folder in PAGED for path in sorted(folder.glob("*pages.py"))),
]
SPOKEN = {"alt", "aria-label", "title", "placeholder", "label", "content"}
SAY = re.compile(r'{%\s*say\s+"([^"]*)"')
# Two blocks of the frame stand inside attributes: a class and an address.
MARKUP = re.compile(r"{% block (?:width|home) %}.*?{% endblock %}|{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
WORD = re.compile(r"[A-Za-z]{2,}|[\u4e00-\u9fff]")
# Not words of a page: emergency words to listen for, names of units to guess by, a law's own title, days of the week.
NOT_SAID = {
    "emergency.py": None,
    "console/forms.py": {"公安", "民政", "教育", "《未成年人保护法》第十一条"},
    "templatetags/words.py": {"周", "一二三四五六日"},
    "pages.py": {"中文", "演练 EXERCISE"},  # the mark of a drill is in both languages, always
    # A letter of the law is in Chinese, whatever language the page speaks.
    "letters/compose.py": None,
    "letters/layout.py": None,
    "letters/word.py": None,
}


class Spoken(HTMLParser):
    """What a reader sees or hears of a template whose tags and variables have been taken out."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, _tag, attrs):
        self.found += [v for k, v in attrs if v and k in SPOKEN and not (k == "content" and "width" in v)]

    def handle_data(self, data):
        self.found.append(data)


def hard_coded(template):
    reader = Spoken()
    reader.feed(MARKUP.sub(" ", template))
    return [text.strip() for text in reader.found if WORD.search(text)]


def test_the_finder_finds_a_hard_coded_text():
    assert hard_coded('<p>{% say "好" %}</p><b>Hello</b>') == ["Hello"]
    assert hard_coded('<img alt="红灯">') == ["红灯"]
    assert hard_coded('<p aria-label="{% say "好" %}">{{ name }} 110</p>') == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: "/".join(p.parts[-2:]))
def test_no_text_is_hard_coded_in_a_template(path):
    assert hard_coded(path.read_text(encoding="utf-8")) == []


def said_in_templates():
    return {text for path in TEMPLATES for text in SAY.findall(path.read_text(encoding="utf-8"))}


def said_in_code():
    found = set()
    for path in CODE:
        exempt = NOT_SAID.get("/".join(path.parts[len(FACES.parts) :]), set()) if FACES in path.parents else set()
        if exempt is not None:
            found |= {text for text in constants(ast.parse(path.read_text(encoding="utf-8"))) if text not in exempt}
    return found


def constants(tree):
    documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
    bodies = [node.body[0] for node in ast.walk(tree) if isinstance(node, documented) and node.body]
    docs = {id(first.value) for first in bodies if isinstance(first, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docs and CHINESE.search(node.value):
            yield node.value


def test_every_text_has_its_english():
    assert sorted((said_in_templates() | said_in_code()) - ENGLISH.keys()) == []


def test_no_translation_is_left_over():
    assert sorted(ENGLISH.keys() - said_in_templates() - said_in_code()) == []


def test_translations_keep_their_places_and_leave_no_chinese():
    for original, english in ENGLISH.items():
        assert set(re.findall(r"{\w+}", original)) == set(re.findall(r"{\w+}", english)), original
        assert english.strip(), original
        assert not CHINESE.search(english), original


def test_one_original_has_one_translation():
    parts = [import_module(f"{i18n.__name__}.{one.name}") for one in pkgutil.iter_modules(i18n.__path__)]
    assert sum(len(part.ENGLISH) for part in parts) + sum(map(len, OF_SCENES.values())) == len(ENGLISH)


def test_a_scene_cannot_translate_again_what_has_its_english():
    with pytest.raises(ValueError, match="translated already: 闭环"):
        i18n.tell({"闭环": "The Loop"})


@pytest.mark.parametrize("address", ["/", "/report", "/track", "/verify", "/login/", "/rules"])
def test_an_english_page_speaks_english(district, address):
    page = district.client(language="en").get(address).content.decode()
    shown = re.sub(r'data-words="[^"]*"|<bdi>.*?</bdi>', "", page)
    left = [text for text in hard_coded_chinese(shown) if text not in DATA_IN_CHINESE]
    assert left == []
    assert '<html lang="en">' in page


DATA_IN_CHINESE = {"中文"}


def hard_coded_chinese(page):
    reader = Spoken()
    reader.feed(page)
    return [t.strip() for t in reader.found if CHINESE.search(t) and not re.search(r"GB/T|清单|分工", t)]


def test_the_language_is_kept_in_a_cookie(district):
    browser = district.client()
    assert "有事请说" in browser.get("/").content.decode()
    answer = browser.post("/language", {"language": "en", "next": "/report"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/report")
    assert "What happened?" in browser.get("/report").content.decode()
