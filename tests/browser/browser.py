# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that shows one report, and what tests ask of it."""

import base64
import io
import json
import os
import pathlib
import subprocess
import sys
import time

try:
    from PIL import Image, ImageChops
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
except ImportError as missing:
    sys.exit(f'{missing}: apt-get install chromium chromium-driver python3-selenium python3-pil')

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get('NSIM_SOURCE_DIR', HERE.parent.parent))
NSIM = os.environ.get('NSIM_BINARY', str(SOURCE / 'build/release/bin/nsim'))
REFERENCES = HERE / 'references'
UPDATE = os.environ.get('NSIM_UPDATE_REFERENCES') == '1'


def nsim(*arguments):
    """What the program prints; an error when it fails."""
    done = subprocess.run([NSIM, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f'nsim {" ".join(map(str, arguments))}: {done.stdout}{done.stderr}')
    return done.stdout


class Browser:
    """Width and height are those of the page, one device pixel each."""

    def __init__(self):
        options = Options()
        for flag in ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars',
                     '--force-device-scale-factor=1', '--font-render-hinting=none'):
            options.add_argument(flag)
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL', 'performance': 'ALL'})
        self.driver = webdriver.Chrome(service=Service('/usr/bin/chromedriver'), options=options)

    def close(self):
        self.driver.quit()

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def open(self, path, width=1280, height=900, dark=False, media=''):
        self.command('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.command('Emulation.setEmulatedMedia', media=media,
                     features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'},
                               {'name': 'prefers-reduced-motion', 'value': 'reduce'}])
        self.driver.get(pathlib.Path(path).resolve().as_uri())
        self.wait(lambda: self.script('return document.documentElement.dataset.ready') == 'yes')
        self.settle()

    def wait(self, condition, seconds=20):
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise AssertionError(f'still not so after {seconds} s; log: {self.errors()}')
            time.sleep(0.02)

    def settle(self):
        """Until drawings that wait for a frame are done."""
        self.driver.execute_async_script(
            'const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100)));')

    def errors(self):
        return [entry['message'] for entry in self.driver.get_log('browser') if entry['level'] in ('SEVERE', 'WARNING')]

    def requests(self):
        """URLs that were asked for since the last call, but the page itself."""
        urls = []
        for entry in self.driver.get_log('performance'):
            if '"Network.requestWillBeSent"' in entry['message']:
                url = json.loads(entry['message'])['message']['params']['request']['url']
                if not url.startswith(('file:', 'data:')):
                    urls.append(url)
        return urls

    def press(self, *keys):
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)
        self.settle()

    def violations(self):
        """Serious and critical findings of axe-core."""
        self.script((HERE / 'axe.min.js').read_text())
        result = self.driver.execute_async_script(
            'const done = arguments[0]; axe.run(document, {resultTypes: ["violations"]}).then(done, (e) => done({error: String(e)}));')
        if 'error' in result:
            raise AssertionError(result['error'])
        return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:160]} {one['nodes'][0]['failureSummary'][:200]}"
                for one in result['violations'] if one['impact'] in ('serious', 'critical')]

    def screenshot(self):
        size = self.command('Page.getLayoutMetrics')['cssContentSize']
        shot = self.command('Page.captureScreenshot', captureBeyondViewport=True,
                            clip={'x': 0, 'y': 0, 'width': size['width'], 'height': size['height'], 'scale': 1})
        return Image.open(io.BytesIO(base64.b64decode(shot['data']))).convert('RGB')

    def pdf(self):
        return base64.b64decode(self.command('Page.printToPDF', printBackground=True)['data'])


def difference(image, reference):
    """How far two pictures are apart, 0 to 1, seen from a distance: fonts and smoothing do not matter, layout and colours do."""
    if abs(image.width - reference.width) > 0 or abs(image.height - reference.height) > 0.05 * reference.height:
        return 1.0
    size = (image.width // 16, reference.height // 16)
    apart = ImageChops.difference(image.resize(size, Image.BOX), reference.resize(size, Image.BOX)).convert('L')
    histogram = apart.histogram()
    return sum(value * count for value, count in enumerate(histogram)) / (255 * size[0] * size[1])


def check_reference(image, name):
    """With NSIM_UPDATE_REFERENCES=1 writes references/NAME.png; else compares with it."""
    path = REFERENCES / f'{name}.png'
    if UPDATE:
        REFERENCES.mkdir(exist_ok=True)
        image.quantize(128).save(path, optimize=True)
        return
    apart = difference(image, Image.open(path).convert('RGB'))
    if apart > 0.03:
        seen = pathlib.Path(os.environ.get('TMPDIR', '/tmp')) / f'{name}.png'
        image.save(seen)
        raise AssertionError(f'{seen} is {apart:.3f} apart from {path}; look at both, and update with NSIM_UPDATE_REFERENCES=1')
