# SPDX-License-Identifier: Apache-2.0
"""Makes a run of a million slices and prints what its report takes: to write, on disk, to open in Chromium, to zoom.

Times of the detailed HBM model differ from request to request, so that they compress like those of one long program."""

import json
import pathlib
import re
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'browser'))
import browser  # noqa: E402

REQUESTS = 70


def main():
    with tempfile.TemporaryDirectory(prefix='nsim_bench.') as folder:
        run = pathlib.Path(folder) / 'run'
        browser.nsim('run', browser.SOURCE / 'models/llama3_8b_decode.toml', '--config', 'trn2', '--set', 'hbm.model=banked',
                     '--numerics', 'off', '--requests', REQUESTS, '--quiet', '--out', run)
        began = time.monotonic()
        browser.nsim('report', run)
        written = time.monotonic() - began
        page = run / 'report.html'
        head = re.search(r'id="timeline-head" type="application/json">(.*?)</script>', page.read_text(), re.DOTALL).group(1)
        slices = sum(row['count'] for row in json.loads(head)['rows'])
        chromium = browser.Browser()
        try:
            opened = sorted(seconds_to_open(chromium, page) for _ in range(3))
            drawn = seconds_to_zoom(chromium)
        finally:
            chromium.close()
        size = page.stat().st_size / 1e6
        print(f'slices {slices}')
        print(f'write  {written:.2f} s')
        print(f'size   {size:.2f} MB (limit 25)')
        print(f'open   {opened[1]:.2f} s until everything is drawn (median of 3; limit 3)')
        print(f'zoom   {1000 * drawn:.0f} ms per frame, from the whole run to one instruction')
        return 0 if slices >= 1000000 and size < 25 and opened[1] < 3 else 1


def seconds_to_open(chromium, page):
    chromium.driver.get('about:blank')
    began = time.monotonic()
    chromium.open(page)
    return time.monotonic() - began


def seconds_to_zoom(chromium):
    frames = chromium.driver.execute_async_script('''
      const done = arguments[0];
      const canvas = document.querySelector('canvas');
      canvas.focus();
      let frames = 0;
      const began = performance.now();
      const step = () => {
        if (frames === 20) {
          done((performance.now() - began) / frames);
          return;
        }
        frames++;
        canvas.dispatchEvent(new KeyboardEvent('keydown', {key: '+', bubbles: true}));
        requestAnimationFrame(() => requestAnimationFrame(step));
      };
      step();''')
    return frames / 1000


if __name__ == '__main__':
    sys.exit(main())
