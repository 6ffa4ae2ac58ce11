#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Simulated times of the kernels of this folder on trn1, trn2 and trn3 (one physical core), at their stated sizes.

    run.py [KERNEL ...]             prints them
    run.py --check [KERNEL ...]     and fails when a docstring says something else
    run.py --write [KERNEL ...]     and puts them into the docstrings
"""
import argparse
import importlib
import inspect
import os
import re
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.dirname(FOLDER)
# The package nki lies beside this folder, or where `cmake --install` puts it.
for path in (os.path.join(os.path.dirname(MODELS), "python"), os.path.join(MODELS, "nki"), FOLDER):
    if os.path.isdir(path) and path not in sys.path:
        sys.path.insert(0, path)

import nki  # noqa: E402
from gallery import DEVICES, Example  # noqa: E402

MODULES = ("matmul", "softmax", "layernorm", "rmsnorm", "transpose", "rope", "attention", "mlp", "conv2d", "mamba")


def examples():
    return [each for name in MODULES for each in importlib.import_module(name).EXAMPLES]


def microseconds(example: Example, device: str) -> float:
    os.environ["NEURON_PLATFORM_TARGET_OVERRIDE"] = device
    measured = nki.benchmark(warmup=0, iters=1)(example.kernel)
    measured(*example.blanks(example.stated, example.dtypes[-1]))
    return measured.benchmark_result.nc_latency.get_latency_percentile(50)


def sentence(example: Example) -> str:
    """The line of the docstring."""
    sizes = ", ".join(f"{name} {size}" for name, size in example.stated.items())
    times = ", ".join(f"{device} {microseconds(example, device):.1f} us" for device in DEVICES)
    return f"Simulated ({sizes}, {example.dtypes[-1]}): {times}."


def said(example: Example) -> str:
    found = re.search(r"Simulated \(.*", inspect.getdoc(example.kernel.func) or "")
    return found.group(0) if found else "nothing"


def write(example: Example, line: str) -> None:
    path = inspect.getsourcefile(example.kernel.func)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    start = text.index(f"def {example.name}(")
    opened = text.index('"""', start) + 3
    closed = text.index('"""', opened)
    body = re.sub(r"\n\s*\n    Simulated \(.*", "", text[opened:closed]).rstrip()
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{text[:opened]}{body}\n\n    {line}\n    {text[closed:]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernels", nargs="*", metavar="KERNEL")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    known = {each.name: each for each in examples()}
    unknown = [each for each in arguments.kernels if each not in known]
    if unknown:
        parser.error(f"no kernel is called {unknown[0]}; there are {', '.join(known)}")
    wrong = 0
    for name in arguments.kernels or known:
        line = sentence(known[name])
        print(f"{name}: {line}", flush=True)
        if arguments.write:
            write(known[name], line)
        elif arguments.check and said(known[name]) != line:
            print(f"{name}: its docstring says {said(known[name])}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
