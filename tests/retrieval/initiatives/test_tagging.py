"""The shipped tagger: the same passage has the same mentions, always; a damaged file is one sentence."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from retrieval.errors import ModelError
from retrieval.initiatives.tagging import TAGGER_DIR, Passage, Tagger
from retrieval.model_files import published_checksums, verified

TEXTS = [
    "Norland will launch a seminar on reefs next year.",
    "",
    "日本とASEANの防衛協力",
    "They dined. " * 90,
]
PASSAGES = [Passage(str(number), text, ((0, len(text)),)) for number, text in enumerate(TEXTS)]


def test_a_passage_has_the_same_mentions_alone_in_company_and_on_threads() -> None:
    tagger = Tagger()
    alone = [tagger.tag(passage) for passage in PASSAGES]
    with ThreadPoolExecutor(4) as pool:
        on_threads = list(pool.map(tagger.tag, PASSAGES))

    assert any(alone)
    assert list(tagger.tag_each(PASSAGES * 2)) == alone * 2
    assert on_threads == alone
    assert [Tagger().tag(passage) for passage in PASSAGES[:1]] == alone[:1]


def test_shipped_files_are_those_the_checksums_name() -> None:
    sums = published_checksums(TAGGER_DIR)

    assert set(sums) == {"model.onnx", "thresholds.json"}
    assert all(verified(TAGGER_DIR, name) for name in sums)
    assert (TAGGER_DIR / "model.onnx").stat().st_size <= 24_000_000


@pytest.mark.parametrize("name", ["model.onnx", "thresholds.json"])
def test_a_truncated_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    broken = Path(shutil.copytree(TAGGER_DIR, tmp_path / "tagger"))
    (broken / name).write_bytes((broken / name).read_bytes()[:10])

    with pytest.raises(
        ModelError, match=r"the model's file is damaged \(SHA-256 \w{12}…, 10 bytes\)\. Rein"
    ) as e:
        Tagger(broken).tag(PASSAGES[0])

    assert str(e.value).startswith(f"{broken / name}: ")
