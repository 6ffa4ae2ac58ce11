# SPDX-License-Identifier: Apache-2.0
"""The ways in: nki.jit and the vendor's entry points that run, measure or profile a kernel. All of them run it on the
simulated device; what they measure is simulated time (AWS NKI documentation: nki API reference)."""
from __future__ import annotations

import functools
import inspect
import os
from typing import Any, Callable, List, Optional

from . import _profile
from ._ahead import VALUES, Ahead
from ._kernel import NEW, Dialect, Kernel, measure, save


class Latency:
    """Latencies of a benchmark in microseconds of simulated time."""

    def __init__(self, microseconds: List[float]):
        self.values = sorted(microseconds)

    def get_latency_percentile(self, percentile: float) -> float:
        """The latency that `percentile` per cent of the runs do not exceed; microseconds."""
        if not self.values:
            raise RuntimeError("nothing was measured: call the kernel first")
        at = max(0, -(-len(self.values) * percentile // 100) - 1)
        return self.values[int(min(at, len(self.values) - 1))]


class BenchmarkResult:
    """`nc_latency` is the time on the NeuronCore; the whole report of the simulator is in `report`."""

    def __init__(self, microseconds: List[float], report: dict):
        self.nc_latency = Latency(microseconds)
        self.report = report


def _measured(report: dict, count: int) -> List[float]:
    """Microseconds from start to end of the last `count` executions in a report."""
    runs = [each for each in report["requests"] if ".compute." in each["unit"]]
    return [(each["ended_ps"] - each["started_ps"]) / 1e6 for each in runs[len(runs) - count:]]


class Measured:
    """A kernel whose calls are measured; results of the last call are attributes, also of what was launched on a grid."""

    def __init__(self, kernel: Kernel, call: Callable, without_grid: Optional["Measured"] = None):
        functools.update_wrapper(self, kernel.func)
        self.kernel = kernel
        self.call = call
        self.benchmark_result: Optional[BenchmarkResult] = None
        self.profile_result: Any = None
        self.without_grid = without_grid

    def __getitem__(self, index) -> "Measured":
        return Measured(self.kernel[index], self.call, self)

    def __call__(self, *args, **kwargs):
        results = self.call(self, args, kwargs)
        if self.without_grid is not None:
            self.without_grid.benchmark_result, self.without_grid.profile_result = self.benchmark_result, self.profile_result
        return results


class Entry:
    """The entry points of a dialect. Each takes a kernel or a plain function, or returns a decorator."""

    def __init__(self, dialect: Dialect = NEW):
        self.dialect = dialect

    def jit(self, function: Optional[Callable] = None, **options):
        """@nki.jit, @nki.jit(), nki.jit(function). Options of the vendor's compiler have no effect."""
        if function is None:
            return functools.partial(self.jit, **options)
        if isinstance(function, (Kernel, Measured)):
            return function
        return Kernel(function, dialect=self.dialect, options=options)

    trace = baremetal = None  # set below: the same as jit

    def simulate(self, kernel):
        """The vendor's CPU simulation; here a kernel always runs on the simulated device."""
        return self.jit(kernel)

    def simulate_kernel(self, kernel, *args, **kwargs):
        """Calls the kernel."""
        return self.jit(kernel)(*args, **kwargs)

    def benchmark(self, function: Optional[Callable] = None, warmup: int = 10, iters: int = 100, save_neff_name: Optional[str] = None,
                  device_count: int = 1, **_):
        """Calls run `warmup` + `iters` times, without values; then `benchmark_result` says how long they took."""
        if function is None or not callable(function):
            return functools.partial(self.benchmark, warmup=warmup, iters=iters, save_neff_name=save_neff_name)
        kernel = _kernel_of(self.jit(function))

        def call(measured: Measured, args, kwargs) -> None:
            traced = measured.kernel.trace_with(Ahead(VALUES), args, kwargs)
            report = measure(traced, warmup + iters)
            measured.benchmark_result = BenchmarkResult(_measured(report, iters), report)
            if save_neff_name:
                save(traced, save_neff_name)
        return Measured(kernel, call)

    def profile(self, function: Optional[Callable] = None, working_directory: Optional[str] = None, save_neff_name: Optional[str] = None,
                save_trace_name: Optional[str] = None, **_):
        """Calls leave the simulator's report (report.txt by source line) and its traces for ui.perfetto.dev in the working directory."""
        if function is None or not callable(function):
            return functools.partial(self.profile, working_directory=working_directory, save_neff_name=save_neff_name,
                                     save_trace_name=save_trace_name)
        kernel = _kernel_of(self.jit(function))

        def call(measured: Measured, args, kwargs):
            out = os.path.abspath(working_directory or ".")
            os.makedirs(out, exist_ok=True)
            traced = measured.kernel.trace_with(Ahead(VALUES), args, kwargs)
            results = _profile.run(traced, out, container=os.path.join(out, save_neff_name) if save_neff_name else None)
            given = inspect.signature(measured.kernel.func).bind(*args, **kwargs).arguments
            _profile.write_kernel(traced, out, {"kernel": _profile.named(measured.kernel), "arguments": _profile.described(given)})
            _profile.write_report(out)
            measured.profile_result = out
            return results
        return Measured(kernel, call)


Entry.trace = Entry.baremetal = Entry.jit


def _kernel_of(value) -> Kernel:
    return value.kernel if isinstance(value, Measured) else value


ENTRY = Entry()
