# SPDX-License-Identifier: Apache-2.0
"""nki.typing: annotations of kernels. They are evaluated and say nothing to the tracer."""


class _Annotation:
    def __init__(self, name: str):
        self._name = name

    def __getitem__(self, shape):
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __or__(self, other):
        return self

    __ror__ = __or__

    def __repr__(self) -> str:
        return self._name


tensor = _Annotation("tensor")
mutable_tensor = _Annotation("mutable_tensor")
scalar = _Annotation("scalar")
