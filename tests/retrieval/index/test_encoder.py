"""The shipped encoder: the same text has the same vector, always."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import ModelError
from retrieval.index.encoder import MODEL_DIR, Encoder, Vector
from retrieval.model_files import published_checksums, verified

TEXTS = [
    "The meeting was held in Phnom Penh.",
    "A very different, and much longer, sentence about Typhoon shelters, search and rescue, and coral reefs.",
    "日本とASEANの防衛協力",
    "",
    "x" * 5_000,
    "\ud800 lone surrogate".encode("utf-8", "replace").decode(),
]


def _vectors(encoder: Encoder, texts: list[str]) -> Vector:
    return np.stack(list(encoder.embed_each(texts)))


def test_a_text_has_one_vector_alone_in_company_and_on_threads(encoder: Encoder) -> None:
    alone = np.stack([encoder.embed(text) for text in TEXTS])
    in_company = _vectors(encoder, TEXTS * 3)
    with ThreadPoolExecutor(4) as pool:
        on_threads = np.stack(list(pool.map(encoder.embed, TEXTS)))
    fresh = np.stack([Encoder().embed(text) for text in TEXTS[:1]])

    assert np.array_equal(in_company, np.tile(alone, (3, 1)))
    assert np.array_equal(on_threads, alone)
    assert np.array_equal(fresh, alone[:1])


def test_vectors_are_float32_of_384_dimensions_and_unit_length(encoder: Encoder) -> None:
    found = _vectors(encoder, TEXTS)

    assert (found.dtype, found.shape) == (np.float32, (len(TEXTS), 384))
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_no_texts_have_no_vectors(encoder: Encoder) -> None:
    assert list(encoder.embed_each([])) == []


def test_near_meanings_are_nearer_than_far_ones(encoder: Encoder) -> None:
    question, near, far = _vectors(
        encoder,
        ["Where was the meeting held?", "The ministers met in Phnom Penh.", "Coral reefs need clean water."],
    )

    assert question @ near > question @ far


def test_counting_tokens_sees_past_the_window(encoder: Encoder) -> None:
    assert encoder.count_tokens("peace " * 1_000) == 1_000


def test_identity_is_that_of_the_shipped_files(tmp_path: Path, encoder: Encoder) -> None:
    (tmp_path / "SHA256SUMS").write_text("0" * 64 + "  model.onnx\n", encoding="utf-8")

    assert encoder.identity == Encoder().identity
    assert len(encoder.identity) == 12
    assert Encoder(tmp_path).identity != encoder.identity


def test_shipped_files_are_those_the_checksums_name() -> None:
    sums = published_checksums(MODEL_DIR)

    assert set(sums) == {"model.onnx", "tokenizer.json"}
    assert all(verified(MODEL_DIR, name) for name in sums)


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL_DIR, tmp_path / "minilm"))


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(model_dir: Path, name: str) -> None:
    (model_dir / name).unlink()

    with pytest.raises(ModelError) as caught:
        Encoder(model_dir).embed("text")

    assert str(caught.value) == (
        f"{model_dir / name}: the model's file is missing. Reinstall Rapporteur, or restore the file "
        "from its repository."
    )


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_truncated_file_is_named(model_dir: Path, name: str) -> None:
    data = (model_dir / name).read_bytes()
    (model_dir / name).write_bytes(data[:1_000])

    with pytest.raises(
        ModelError, match=r"the model's file is damaged \(SHA-256 \w{12}…, 1,000 bytes\)"
    ) as e:
        list(Encoder(model_dir).embed_each(["one", "two"]))

    assert str(e.value).startswith(f"{model_dir / name}: ")


def test_missing_checksums_are_named(model_dir: Path) -> None:
    (model_dir / "SHA256SUMS").unlink()

    with pytest.raises(ModelError, match=r"SHA256SUMS: the model's checksums cannot be read"):
        _ = Encoder(model_dir).identity
