"""The models that ship with the project: their files against the published checksums, and how they run.

Every network runs on one text at a time: dynamic INT8 makes a result depend on its batch-mates. Texts run
side by side on threads instead, so that the same input has the same result, always.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from retrieval.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime
    from tokenizers import Tokenizer

In = TypeVar("In")
Out = TypeVar("Out")


def published_checksums(model_dir: Path) -> dict[str, str]:
    """Return file name -> SHA-256 from the folder's `SHA256SUMS`.

    Raises:
        ModelError: There is no readable list.
    """
    try:
        lines = (model_dir / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ModelError(
            f"{model_dir / 'SHA256SUMS'}: the model's checksums cannot be read ({error.strerror}). "
            "Reinstall Rapporteur."
        ) from error
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines if line)}


def verified(model_dir: Path, name: str) -> bytes:
    """Return the content of a model's file.

    Raises:
        ModelError: It is missing, or is not the one that was published.
    """
    path, published = model_dir / name, published_checksums(model_dir).get(name)
    advice = "Reinstall Rapporteur, or restore the file from its repository."
    if not path.is_file():
        raise ModelError(f"{path}: the model's file is missing. {advice}")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != published:
        told = f"SHA-256 {digest[:12]}…, {len(content):,} bytes"
        raise ModelError(f"{path}: the model's file is damaged ({told}). {advice}")
    return content


def open_session(model_dir: Path, name: str = "model.onnx") -> onnxruntime.InferenceSession:
    """Return the network in a verified file, ready to run on one core.

    Raises:
        ModelError: The file is missing or damaged, or ONNX Runtime cannot run it here.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # parallel over texts, not inside one: see on_all_cores
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    model = verified(model_dir, name)
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exception classes share no public base
        raise ModelError(f"{model_dir / name}: ONNX Runtime cannot run it here ({error}).") from error


def open_tokenizer(model_dir: Path) -> Tokenizer:
    """Return the tokenizer of a model, verified, without padding; it truncates as the file says.

    Raises:
        ModelError: The file is missing or damaged.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(verified(model_dir, "tokenizer.json").decode())
    tokenizer.no_padding()
    return tokenizer


def on_all_cores(work: Callable[[In], Out], inputs: Sequence[In], name: str) -> Iterator[Out]:
    """Yield `work` of every input in order, on as many threads as there are cores; `name` is theirs."""
    if len(inputs) < 2:
        yield from map(work, inputs)
        return
    with ThreadPoolExecutor(_cores(), thread_name_prefix=name) as pool:
        yield from pool.map(work, inputs)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
