# SPDX-License-Identifier: Apache-2.0
"""sweep_bench.py [--points N]: runs configs/sweeps/trn2_balance.toml, or N random points of it, and prints how many points
end per minute with one and with two processes; then kills a sweep three times, resumes it, and compares its database.

The ratio of the two has a limit for the whole study only, and means something on a machine that does nothing else."""

import argparse
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get('NSIM_SOURCE_DIR', pathlib.Path(__file__).resolve().parents[2]))
NSIM = pathlib.Path(os.environ.get('NSIM_BINARY', SOURCE / 'build/release/bin/nsim'))
STUDY = SOURCE / 'configs/sweeps/trn2_balance.toml'
WHOLE = 500
LEAST_RATIO = 1.8
KILLED_AT = (0.2, 0.45, 0.7)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--points', type=int, default=WHOLE)
    points = parser.parse_args().points
    with tempfile.TemporaryDirectory(prefix='nsim_bench.') as name:
        folder = pathlib.Path(name)
        study = folder / 'study.toml'
        study.write_text(text_of_study(points))
        seconds = {}
        for jobs in (1, 2):
            began = time.monotonic()
            subprocess.run(command(study, folder / f'j{jobs}', jobs), check=True, stdout=subprocess.DEVNULL)
            seconds[jobs] = time.monotonic() - began
            print(f'-j{jobs}     {points} points in {seconds[jobs]:.1f} s, {60 * points / seconds[jobs]:.0f} per minute', flush=True)
        ratio = seconds[1] / seconds[2]
        print(f'ratio   {ratio:.2f}' + (f' (at least {LEAST_RATIO})' if points == WHOLE else ''))
        unbroken = contents(folder / 'j1')
        killed = killed_at(study, folder / 'killed', points)
        same = contents(folder / 'killed') == unbroken == contents(folder / 'j2')
        rows = sum(len(of_table) for of_table in unbroken.values())
        print(f'killed  by SIGKILL at {", ".join(map(str, killed))} points and resumed: '
              f'{"the same" if same else "ANOTHER"} database as unbroken ({rows} rows)')
        return 0 if same and (points < WHOLE or ratio >= LEAST_RATIO) else 1


def text_of_study(points):
    text = STUDY.read_text().replace('"../../', f'"{SOURCE}/')
    return text if points == WHOLE else f'{text}\n[sample]\nmethod = "random"\ncount = {points}\nseed = 1\n'


def command(study, out, jobs, *more):
    return [NSIM, 'sweep', study, '--quiet', f'-j{jobs}', '--out', out, *more]


def killed_at(study, out, points):
    """Kills a sweep three times and lets it end; returns how many points had ended each time."""
    counts = []
    for share in KILLED_AT:
        sweep = subprocess.Popen(command(study, out, 2, '--resume'), stdout=subprocess.DEVNULL)
        while ended(out) < share * points and sweep.poll() is None:
            time.sleep(0.005)
        if sweep.poll() is not None:
            sys.exit(f'the sweep ended with {sweep.returncode} before it was killed')
        sweep.send_signal(signal.SIGKILL)
        sweep.wait()
        counts.append(ended(out))
    subprocess.run(command(study, out, 2, '--resume'), check=True, stdout=subprocess.DEVNULL)
    return counts


def ended(out):
    """Points that the database knows to have ended; it may not exist yet."""
    try:
        with sqlite3.connect(f'file:{out}/sweep.sqlite?mode=ro', uri=True) as database:
            return database.execute("SELECT count(*) FROM points WHERE state != 'waiting'").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def contents(out):
    """{table: rows} of everything in the database."""
    with sqlite3.connect(out / 'sweep.sqlite') as database:
        tables = [name for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: sorted(database.execute(f'SELECT * FROM {table}').fetchall(), key=repr) for table in tables}


if __name__ == '__main__':
    sys.exit(main())
