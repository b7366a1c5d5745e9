"""How well and how fast messages of citizens are sorted by their text.

One split, seeded and fixed, a fifth kept aside, near copies on one side. Baseline in the same run: TF-IDF of character
n-grams (1 and 2, sublinear) with a linear SVM, scikit-learn. Then the commands as a user gives them, for the time.

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
    aside = folds(texts, near_groups(texts), PARTS, SEED) == 0
    seen = [(text, label) for text, label, is_out in zip(texts, labels, aside, strict=True) if not is_out]
    asked = [text for text, is_out in zip(texts, aside, strict=True) if is_out]
    start, cpu = time.perf_counter(), time.process_time()
    model = train(*zip(*seen, strict=True))
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    start = time.process_time()
    told = [model.classify(text) for text in asked]
    each = (time.process_time() - start) / len(asked) * 1e3
    chances = np.full((len(asked), len(names)), 0.0)
    for row, one in enumerate(told):
        chances[row, names.index(one.label)] = one.confidence
    svm = np.array([names.index(label) for label in baseline(*zip(*seen, strict=True), asked)])
    return {
        "rows": len(texts),
        "rows_aside": len(asked),
        **quality(chances, wanted[aside], names),
        "baseline_macro_f1": round(float(np.mean(f1_by_label(svm, wanted[aside], len(names)))), 4),
        "five_parts": {name: model.card[name] for name in ("macro_f1", "macro_f1_abstaining", "calibration_error")},
        "ms_per_message": round(each, 3),
        "train_s": round(took, 1),
        "train_cpu_s": round(cpu, 1),
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
