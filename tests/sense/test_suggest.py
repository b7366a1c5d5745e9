"""The clerk that drafts: trained on texts of our own, it sorts new ones and says how sure it is."""

import csv
import gzip
import io
import json
import random

import numpy as np
import pytest
from typer.testing import CliRunner

import shared_data
from bihuan.cli import app
from bihuan.sense.suggest import model as kept
from bihuan.sense.suggest.grams import grams, units
from bihuan.sense.suggest.groups import folds, near_groups
from bihuan.sense.suggest.quality import calibration_error
from bihuan.sense.suggest.training import CannotTrain, train

THINGS = {
    "道路": ["井盖松动", "路面坑洼", "路灯不亮", "人行道砖破损", "护栏被撞坏"],
    "噪声": ["夜间施工很吵", "广场舞音响太大", "酒吧半夜喧哗", "空调外机轰鸣", "装修电钻声不停"],
    "垃圾": ["垃圾桶满溢", "建筑垃圾没人清", "楼道堆着杂物", "河边倒了一车垃圾", "垃圾站臭味难闻"],
}
PLACES = ["东街口", "南门", "育才小学旁", "三号楼下", "菜市场", "公园北门", "河堤上", "车站对面"]
WISHES = ["请尽快处理", "已经一个星期了", "老人走路不便", "希望有人管管", "打过电话没有用", "谢谢"]


def reports(count, seed):
    chance = random.Random(seed)
    for number in range(count):
        label = chance.choice(list(THINGS))
        what = chance.choice(THINGS[label])
        yield f"{chance.choice(PLACES)}{what},{chance.choice(WISHES)},第{number}次反映", label


def write(path, rows, names=("内容", "类别"), encoding="utf-8"):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([names, *rows])
    data = text.getvalue().encode(encoding)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def run(*words):
    return CliRunner().invoke(app, ["suggest", *map(str, words)])


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suggest")
    file = write(folder / "sorted.csv", reports(300, seed=1))
    result = run("train", file, "--text", "内容", "--label", "类别", "--out", folder / "model")
    assert result.exit_code == 0, result.output
    return folder / "model"


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("a.csv", "utf-8"),
        ("b.csv", "utf-8-sig"),
        ("c.csv", "gb18030"),
        ("d.csv.gz", "utf-8"),
    ],
)
def test_new_texts_are_sorted_one_row_a_row_in_any_encoding(trained, tmp_path, name, encoding):
    asked = [*reports(60, seed=2), ("", "道路"), ("   ", "噪声")]
    file = write(tmp_path / name, asked, names=("text, long", "y"), encoding=encoding)
    result = run("classify", file, "--text", "text, long", "--model", trained, "--out", tmp_path / "out.csv")
    assert result.exit_code == 0, result.output
    told = read(tmp_path / "out.csv")
    assert [list(row) for row in told] == [["predicted", "confidence"]] * 62
    assert [row["predicted"] for row in told[:60]] == [label for _, label in asked[:60]]
    assert [(row["predicted"], float(row["confidence"])) for row in told[60:]] == [("", 0.0)] * 2
    assert all(1 / 3 < float(row["confidence"]) <= 1 for row in told[:60])


def test_a_file_of_nothing_but_texts_keeps_its_rows_in_step(trained, tmp_path):
    file = write(
        tmp_path / "in.csv", [("路灯不亮",), ("",), ("垃圾\n满溢",), (" ",), ("广场舞音响太大",)], names=("a;b",)
    )
    run("classify", file, "--text", "a;b", "--model", trained, "--out", tmp_path / "out.csv")
    assert [row["predicted"] for row in read(tmp_path / "out.csv")] == ["道路", "", "垃圾", "", "噪声"]


def test_asked_for_it_keeps_the_columns_and_names_the_words_that_decided(trained, tmp_path):
    file = write(tmp_path / "in.csv", [("1", "南门井盖松动")], names=("no", "内容"))
    run("classify", file, "--text", "内容", "--model", trained, "--out", tmp_path / "out.csv", "--keep", "--words", 3)
    [told] = read(tmp_path / "out.csv")
    assert (told["no"], told["内容"], told["predicted"]) == ("1", "南门井盖松动", "道路")
    assert {"井盖", "盖松", "松动"} & set(told["words"].split(" · "))


def test_the_card_says_how_good_from_what_and_what_it_is_not_for(trained):
    card = json.loads(run("card", trained, "--json").output)
    assert card["macro_f1"] > 0.95
    assert card["rows"] == 300
    assert set(card["by_label"]) == set(THINGS)
    assert {"threshold", "calibration_error", "trained_at", "not_for"} <= set(card)
    assert card["source"]["label"] == "类别"


def test_labels_without_meaning_are_not_sold_as_knowledge():
    chance = random.Random(3)
    texts = [text for text, _ in reports(300, seed=4)]
    model = train(texts, [chance.choice("ab") for _ in texts])
    assert model.card["macro_f1"] < 0.65
    assert model.classify(texts[0]).confidence < 0.8


def test_the_same_rows_give_the_same_model():
    texts, labels = zip(*reports(120, seed=5), strict=True)
    first, second = train(texts, labels), train(texts, labels)
    assert first.names == second.names
    assert np.array_equal(first.weights, second.weights)
    assert first.card == second.card


def test_near_copies_stand_on_one_side():
    letter = "我们小区物业三个月没有清运垃圾,楼道里堆满杂物,消防通道也被占了,请尽快派人来处理一下"
    texts = [
        letter,
        letter.replace("三个月", "半年"),
        f"您好,{letter}。",
        "东街口的路灯不亮已经一个星期了,老人走路不便",
    ]
    groups = near_groups(texts)
    assert groups[0] == groups[1] == groups[2] != groups[3]
    for seed in range(20):
        assert len(set(folds(texts, groups, 5, seed)[:3])) == 1


def test_words_of_other_scripts_stay_whole():
    assert units("Street LIGHT １２ 号,路灯") == ["street", "light", "12", "号", ",", "路", "灯"]
    assert "street light" in grams("Street light")


def test_calibration_error_is_the_distance_of_word_and_truth():
    confidence = np.array([0.9] * 10)
    assert calibration_error(confidence, np.array([True] * 9 + [False])) == pytest.approx(0)
    assert calibration_error(confidence, np.array([True] * 4 + [False] * 6)) == pytest.approx(0.5)


def test_too_little_to_learn_from_is_said():
    with pytest.raises(CannotTrain, match="at least 20"):
        train(["路灯不亮"] * 30, ["道路"] * 30)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("train", "none.csv", "--text", "内容", "--label", "类别", "--out", "m"), "no file"),
        (("train", "in.csv", "--text", "正文", "--label", "类别", "--out", "m"), "内容"),
        (("classify", "in.csv", "--text", "内容", "--model", "m", "--out", "o.csv"), "suggest train"),
        (("card", "m"), "suggest train"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in.csv", reports(5, seed=1))
    result = run(*words)
    assert result.exit_code == 1
    assert told in " ".join(result.output.split())
    assert not (tmp_path / "o.csv").exists()


def test_a_model_folder_cannot_act(trained, tmp_path):
    """A pickle in place of the numbers is refused unread."""
    for name in (kept.CARD, kept.NAMES):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    np.savez(tmp_path / kept.WEIGHTS, idf=np.array([print], dtype=object), weights=np.zeros(1), stack=np.zeros(1))
    with pytest.raises(kept.BadModel, match="train again"):
        kept.load(tmp_path)


def test_a_model_that_does_not_fit_together_is_refused(trained, tmp_path):
    for name in (kept.CARD, kept.WEIGHTS):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    (tmp_path / kept.NAMES).write_text('["井盖"]')
    with pytest.raises(kept.BadModel, match="fit together"):
        kept.load(tmp_path)


@pytest.mark.slow
def test_real_messages_of_citizens_are_sorted_as_well_as_promised():
    path = shared_data.folder("teddy_c2020") / "annex2_details_labelled.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    card = train([row["留言详情"] for row in rows], [row["一级标签"] for row in rows]).card
    assert card["macro_f1"] >= 0.905
    assert card["macro_f1_abstaining"] >= 0.94
    assert card["calibration_error"] <= 0.03
