"""How well and how fast messages of citizens are sorted by their text.

A seeded, fixed split in five parts, near copies in one part; each part is sorted by a model, calibration
included, that was trained on the other four. Baseline in the same run on the same parts: TF-IDF of character n-grams (1
and 2, sublinear) with a linear SVM, scikit-learn.

    python benchmarks/suggest.py [--file FILE.csv.gz --text COL --label COL]

Without a file: the labelled messages of the 2020 Teddy Cup, which stand beside the checkout and are no part of it. The
last line is JSON. Ends with 1 when a figure is missed, with 0 and a word when there are no data.
"""

import argparse
import csv
import gzip
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from bihuan.sense.suggest.groups import folds, near_groups
from bihuan.sense.suggest.quality import f1_by_label, quality
from bihuan.sense.suggest.training import train

DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
SEED, PARTS = 2020, 5
LEAST_F1, LEAST_F1_ABSTAINING, MOST_ERROR, MOST_MS, MOST_TRAIN_S = 0.92, 0.95, 0.03, 3.0, 180.0


def read(path, text, label):
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row[text].strip()]
    return [row[text] for row in rows], [row[label] for row in rows]


def baseline(texts, labels, asked):
    pieces = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    svm = LinearSVC(C=0.5).fit(pieces.fit_transform(texts), labels)
    return svm.predict(pieces.transform(asked))


def measure(texts, labels):
    names = sorted(set(labels))
    wanted = np.array([names.index(label) for label in labels])
    part = folds(texts, near_groups(texts), PARTS, SEED)
    chances, svm = np.zeros((len(texts), len(names))), np.zeros(len(texts), int)
    cpu = {"train": 0.0, "classify": 0.0}
    slowest = 0.0
    for number in range(PARTS):
        seen, aside = np.flatnonzero(part != number), np.flatnonzero(part == number)
        pair = [texts[row] for row in seen], [labels[row] for row in seen]
        start, began = time.perf_counter(), time.process_time()
        model = train(*pair)
        slowest = max(slowest, time.perf_counter() - start)
        cpu["train"] += time.process_time() - began
        began = time.process_time()
        told = [model.classify(texts[row]) for row in aside]
        cpu["classify"] += time.process_time() - began
        for row, one in zip(aside, told, strict=True):
            chances[row, names.index(one.label)] = one.confidence
        svm[aside] = [names.index(label) for label in baseline(*pair, [texts[row] for row in aside])]
    found = chances.argmax(axis=1)
    size = len(names)
    return {
        "rows": len(texts),
        **quality(chances, wanted, names),
        "baseline_macro_f1": round(float(np.mean(f1_by_label(svm, wanted, size))), 4),
        "macro_f1_of_parts": [
            round(float(np.mean(f1_by_label(found[part == one], wanted[part == one], size))), 4) for one in range(PARTS)
        ],
        "ms_per_message": round(cpu["classify"] / len(texts) * 1e3, 3),
        "train_s": round(slowest, 1),
        "train_cpu_s": round(cpu["train"] / PARTS, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--file", type=Path, default=DATA / "teddy_c2020" / "annex2_details_labelled.csv.gz")
    parser.add_argument("--text", default="留言详情")
    parser.add_argument("--label", default="一级标签")
    options = parser.parse_args()
    if not options.file.is_file():
        print(f"没有数据,跳过 / no data, not measured: {options.file.name}")
        return 0
    figures = measure(*read(options.file, options.text, options.label))
    print(json.dumps(figures, ensure_ascii=False))
    is_met = (
        figures["macro_f1"] >= LEAST_F1
        and figures["macro_f1_abstaining"] >= LEAST_F1_ABSTAINING
        and figures["calibration_error"] <= MOST_ERROR
        and figures["ms_per_message"] <= MOST_MS
        and figures["train_s"] <= MOST_TRAIN_S
    )
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
