"""Makes the golden numbers of `test_ranx.py` with ranx, which brings a compiler along and is not installed for tests.

python -m venv oracle && oracle/bin/pip install ranx==0.3.21
oracle/bin/python tests/evaluation/ranx_oracle.py > tests/evaluation/ranx.json
"""

import json
import random
import sys

QUESTIONS = 40
MEASURES = {
    "nDCG@5": "ndcg@5",
    "nDCG@10": "ndcg@10",
    "nDCG(dcg='exp-log2')@5": "ndcg_burges@5",
    "R@1": "recall@1",
    "R@5": "recall@5",
    "R@10": "recall@10",
    "RR@10": "mrr@10",
    "P@5": "precision@5",
    "AP": "map",
    "Success@5": "hit_rate@5",
}
"""ranx's names by ours."""


def material() -> tuple[dict[str, dict[str, int]], dict[str, list[str]]]:
    """Graded labels and rankings of 40 questions: pages found and missed, several grades, from one relevant page to 12.

    Python promises the numbers of ``random`` for a seed, so that they are the same wherever this runs.
    """
    rng = random.Random(20_261_121)
    pages = [f"manual-{i % 7}.pdf#page={i}" for i in range(60)]
    qrels, run = {}, {}
    for number in range(QUESTIONS):
        relevant = rng.sample(pages, rng.randint(1, 12))
        qrels[f"q{number}"] = {page: rng.choice((1, 1, 1, 2, 3)) for page in relevant}
        found = rng.sample(pages, rng.randint(3, 40))
        run[f"q{number}"] = sorted(found, key=lambda page: rng.random() * (0.4 if page in relevant else 1.0))
    return qrels, run


def main() -> None:
    from ranx import Qrels, Run, evaluate

    qrels, run = material()
    scored = {query: {page: float(len(found) - i) for i, page in enumerate(found)} for query, found in run.items()}
    named = Qrels(qrels), Run(scored)
    values = {}
    for ours, theirs in MEASURES.items():
        evaluate(*named, theirs, return_mean=False)
        values[ours] = {query: round(float(value), 9) for query, value in sorted(named[1].scores[theirs].items())}
    json.dump(values, sys.stdout, indent=0, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
