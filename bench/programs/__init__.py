"""Whole programs, each in several libraries: what `python bench/pipelines.py` measures."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from . import inputs

NUMPY, FASTACT, ONE_THREAD, TORCH = "numpy", "fastact", "one thread", "torch"
LIBRARIES = (NUMPY, FASTACT, TORCH)
MODULES = {NUMPY: "with_numpy", FASTACT: "with_fastact", ONE_THREAD: "with_fastact", TORCH: "with_torch"}
SETTINGS = {ONE_THREAD: {"FASTACT_NUM_THREADS": "1"}}  # in the environment


class Program(NamedTuple):
    text: str  # what it is
    calls: str  # what fastact does in it
    function: str  # of the modules
    inputs: Callable[..., tuple]  # its arguments
    sizes: dict[str, int]  # of the inputs
    small: dict[str, int]  # the same for tests
    libraries: tuple[str, ...] = LIBRARIES  # that have it
    needs: tuple[str, ...] = ()  # modules besides

    def missing(self) -> list[str]:
        return [module for module in self.needs if find_spec(module) is None]

    def variants(self, library: str, sizes: dict[str, int]) -> dict[str, Any]:
        """What a library has of it, by name.

        That is usually one function without arguments, by the name of the library. A pair of functions stands for a
        matrix product and what is called after each, None for nothing.
        """
        made = getattr(import_module(f"{__name__}.{MODULES[library]}"), self.function)(*self.inputs(**sizes))
        return made if isinstance(made, dict) else {library: made}


def gpt2(gelu: str, function: str) -> Program:
    return Program(
        "GPT-2 block of 256 tokens: LayerNorm, causal attention with 12 heads, MLP 768 -> 3072 -> 768 with GELU "
        f"(tanh), which NumPy writes with `{gelu}`",
        "`softmax`, `bias_act`",
        function,
        inputs.gpt2,
        {"tokens": 256, "width": 768, "hidden": 3072, "heads": 12},
        {"tokens": 16, "width": 32, "hidden": 64, "heads": 2},
    )


def mlp_step(activation: str, text: str, calls: str, batch: int) -> Program:
    return Program(
        f"training step, batch {batch:,}: MLP 64 -> 256 -> 10 with {text}, cross-entropy, gradients, SGD",
        calls,
        f"mlp_step_{activation}",
        inputs.mlp_step,
        {"rows": batch, "features": 64, "hidden": 256, "classes": 10},
        {"rows": 24, "features": 8, "hidden": 16, "classes": 3},
    )


def sklearn_mlp(activation: str, calls: str) -> Program:
    return Program(
        f"scikit-learn's `MLPClassifier.fit`, `{activation}`: 20 epochs over 8192 x 64 float64, 256 hidden units, "
        "batch 512; with fastact, its functions in the place of scikit-learn's",
        calls,
        f"sklearn_mlp_{activation}",
        inputs.sklearn_mlp,
        {"rows": 8192, "features": 64, "classes": 4, "hidden": 256, "batch": 512, "epochs": 20},
        {"rows": 64, "features": 8, "classes": 3, "hidden": 8, "batch": 32, "epochs": 3},
        (NUMPY, FASTACT),
        ("sklearn",),
    )


BATCHES = (64, 1024, 16384)
LEARNT = (  # activations of training steps: name, text, and what fastact does
    ("swish", "swish, its beta learnt", "`swish`, `swish.backward_params`, `softmax`"),
    ("prelu", "prelu, a slope learnt for each unit", "`prelu`, `prelu.backward`, `softmax`"),
)
PROGRAMS = {
    "gpt2": gpt2("x * x * x", "gpt2"),
    "gpt2_pow": gpt2("x**3", "gpt2_pow"),
    "llama": Program(
        "LLaMA block of 256 tokens: RMSNorm, RoPE, causal attention with 16 heads, MLP 1024 -> 2816 -> 1024 with "
        "SwiGLU",
        "`softmax`, `swiglu`",
        "llama",
        inputs.llama,
        {"tokens": 256, "width": 1024, "hidden": 2816, "heads": 16},
        {"tokens": 16, "width": 32, "hidden": 48, "heads": 2},
    ),
    "silu_mlp": Program(
        "`silu(x @ w) @ w2`, 256 x 512 and 512 x 512",
        "`silu`",
        "silu_mlp",
        inputs.silu_mlp,
        {"rows": 256, "width": 512},
        {"rows": 4, "width": 8},
    ),
    **{f"mlp_step_{layer[0]}_{batch}": mlp_step(*layer, batch) for layer in LEARNT for batch in BATCHES},
    "conv_step": Program(
        "convolution, 32 x 32 x 28 x 28 to 64 channels by 3 x 3, from windows and a product, then bias and SiLU",
        "`bias_act`",
        "conv_step",
        inputs.conv_step,
        {"images": 32, "channels": 32, "outputs": 64, "side": 28},
        {"images": 2, "channels": 3, "outputs": 4, "side": 6},
    ),
    "sklearn_mlp_tanh": sklearn_mlp("tanh", "`tanh`, `tanh.backward_from_output`"),
    "sklearn_mlp_logistic": sklearn_mlp("logistic", "`sigmoid`, `sigmoid.backward_from_output`"),
    "silu_after_matmul": Program(
        "SiLU of 131,072 float32 between products of 512 x 512 matrices",
        "`silu`",
        "silu_after_matmul",
        inputs.silu_after_matmul,
        {"width": 512, "elements": 1 << 17},
        {"width": 8, "elements": 24},
        tuple(MODULES),
    ),
}
