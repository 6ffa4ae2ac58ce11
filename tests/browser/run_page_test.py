# SPDX-License-Identifier: Apache-2.0
"""The page of a run. Alone: python3 tests/browser/run_page_test.py [RunPage.test_...]"""

import json
import pathlib
import re
import shutil
import tempfile
import unittest

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import browser


class RunPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix='nsim_browser.'))
        cls.run_folder = cls.folder / 'mini_lm'
        browser.nsim('run', browser.SOURCE / 'models/mini_lm.toml', '--config', 'trn2', '--numerics', 'off', '--requests', 4,
                     '--set', 'hbm.bandwidth=358GB/s', '--why', '--out', cls.run_folder, '--quiet')
        browser.nsim('report', cls.run_folder)
        cls.page = cls.run_folder / 'report.html'
        cls.report = json.loads(browser.nsim('report', cls.run_folder, '--format', 'json'))
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        shutil.rmtree(cls.folder)

    def open(self, **options):
        self.browser.open(self.page, **options)

    def find(self, selector):
        return self.browser.driver.find_element(By.CSS_SELECTOR, selector)

    def details(self):
        return self.find('.gantt .details').text

    def test_it_opens_without_errors_and_asks_for_nothing(self):
        self.browser.errors()
        self.browser.requests()
        self.open()
        self.assertEqual(self.browser.errors(), [])
        self.assertEqual(self.browser.requests(), [])

    def test_it_shows_the_sections_in_the_order_of_the_profiler(self):
        self.open()
        heads = [head.text for head in self.browser.driver.find_elements(By.CSS_SELECTOR, 'h2')]
        self.assertEqual(heads, ['Metrics', 'Findings', 'Critical path', 'Engine utilisation', 'DMA utilisation', 'HBM bandwidth', 'Roofline', 'Timeline',
                                 'Idle time by cause', 'Requests', 'Configuration'])
        links = self.browser.driver.find_elements(By.CSS_SELECTOR, '#contents a')
        self.assertEqual([link.text for link in links], heads)

    def test_its_numbers_are_those_of_the_json(self):
        self.open()
        summary = self.report['summary']
        self.assertIn(f"{summary['total_time'] / 1000:.3f} us", self.find('#metrics').text)
        self.assertIn(summary['bound_by'], self.find('#metrics').text)
        self.assertIn('358GB/s', self.find('#configuration').text)

    def test_every_operator_is_on_the_roofline(self):
        self.open()
        points = self.browser.driver.find_elements(By.CSS_SELECTOR, '.roofline circle')
        self.assertEqual(len(points), len(self.report['roofline']['operators']) + 1)
        self.browser.script('arguments[0].focus()', points[0])
        self.assertTrue(self.find('#roofline .details').text.startswith(self.report['roofline']['operators'][0]['name']))

    def test_no_point_lies_above_the_roof(self):
        self.open()
        of = self.report['roofline']
        for one in of['operators']:
            self.assertLessEqual(one['flops_per_second'], 1.001 * min(of['peak_flops_per_second'],
                                 max(one['arithmetic_intensity'], 1e-9) * of['peak_bytes_per_second']) + 1, one['name'])

    def test_the_timeline_zooms_by_keyboard_to_one_instruction(self):
        self.open()
        canvas = self.find('canvas')
        self.browser.script('arguments[0].focus()', canvas)
        whole = self.find('.range').text
        self.browser.press('+', '+', Keys.ARROW_RIGHT)
        self.assertNotEqual(self.find('.range').text, whole)
        self.browser.press(Keys.HOME)
        self.assertEqual(self.find('.range').text, whole)
        while 'Tensor(nc0):' not in self.details() or 'wait' in self.details():
            self.browser.press(Keys.ARROW_DOWN)
        self.browser.press('n', Keys.ENTER)
        first = next(row for row in self.report['tables']['Instruction'] if row['engine'] == 'Tensor(nc0)')
        self.assertIn(f"Tensor(nc0): {first['opcode']}", self.details())
        start = first['start_ts']
        shown = f'{start:.1f} ns' if start < 1e3 else f'{start / 1e3:.3f} us'
        self.assertIn(f'starts at {shown}', self.details())
        low, high = re.match(r'(.*) to (.*)', self.find('.range').text).groups()
        self.assertNotEqual((low, high), tuple(re.match(r'(.*) to (.*)', whole).groups()))

    def test_the_timeline_zooms_by_wheel_around_the_pointer(self):
        self.open()
        canvas = self.find('canvas')
        self.browser.script('arguments[0].scrollIntoView({block: "center"})', canvas)
        box = self.browser.script('const r = arguments[0].getBoundingClientRect(); return [r.x, r.y, r.width];', canvas)
        before = self.find('.range').text
        self.browser.command('Input.dispatchMouseEvent', type='mouseWheel', x=box[0] + box[2] / 2, y=box[1] + 60,
                             deltaX=0, deltaY=-400, modifiers=2)
        self.browser.settle()
        self.assertNotEqual(self.find('.range').text, before)

    def test_a_click_tells_what_was_hit(self):
        self.open()
        canvas = self.find('canvas')
        self.browser.script('arguments[0].scrollIntoView({block: "center"})', canvas)
        box = self.browser.script('const r = arguments[0].getBoundingClientRect(); return [r.x, r.y, r.width];', canvas)
        rows = self.browser.script("return JSON.parse(document.getElementById('timeline-head').textContent).rows.map((r) => r.name)")
        y = box[1] + 22 + 18 * rows.index('NC0:0') + 9
        for kind in ('mousePressed', 'mouseReleased'):
            self.browser.command('Input.dispatchMouseEvent', type=kind, x=box[0] + box[2] - 30, y=y, button='left', clickCount=1)
        self.browser.settle()
        self.assertIn('NC0:0: nc_exec_running', self.details())

    def test_a_row_of_the_critical_path_is_shown_in_the_timeline(self):
        self.open()
        rows = self.report['critical_path']['rows']
        self.assertAlmostEqual(sum(row['time_ns'] for row in rows) / self.report['critical_path']['time_ns'], 1, places=9)
        place, row = next((i, row) for i, row in enumerate(rows) if row['where'].startswith(('Tensor', 'Vector', 'Scalar')))
        self.browser.script('arguments[0].click()', self.browser.driver.find_elements(By.CSS_SELECTOR, '#path tbody tr')[place].find_element(By.TAG_NAME, 'button'))
        self.browser.settle()
        self.assertTrue(self.details().startswith(f"{row['where']}: "), self.details())
        self.assertIn(row['what'], self.details())

    def test_find_goes_to_the_next_match(self):
        self.open()
        name = max(self.report['roofline']['operators'], key=lambda one: one['time_ns'])['name']
        field = self.find('.find input')
        field.send_keys(name, Keys.ENTER)
        self.browser.settle()
        self.assertIn(f'operator {name}', self.details())

    def test_tables_sort_and_filter(self):
        self.open()
        table = self.find('#roofline .table')
        column = lambda: [float(cell.text) for cell in table.find_elements(By.CSS_SELECTOR, 'tbody tr td:nth-child(2)')]
        self.assertEqual(column(), sorted(column(), reverse=True))
        table.find_element(By.XPATH, './/thead//button[starts-with(., "time us")]').click()
        self.assertEqual(column(), sorted(column()))
        different = sorted(set(column()))
        limit = round((different[0] + different[-1]) / 2, 1)
        expected = [value for value in column() if value < limit]
        field = table.find_element(By.CSS_SELECTOR, 'input[type=search]')
        field.send_keys(f'time us < {limit}')
        self.assertEqual(column(), expected)
        field.clear()
        field.send_keys('tmie < 3')
        self.assertIn('There is no column "tmie"', table.text)

    def test_it_prints_all_sections_in_light_colours(self):
        self.open(dark=True)
        pages = re.findall(rb'/Type\s*/Page\b', self.browser.pdf())
        self.assertGreater(len(pages), 1)
        self.open(media='print')
        self.assertFalse(self.find('nav').is_displayed())
        self.assertTrue(self.find('#timeline canvas').is_displayed())

    def test_a_narrow_screen_shows_it_without_scrolling_sideways(self):
        self.open(width=390, height=844)
        self.assertLessEqual(self.browser.script('return document.documentElement.scrollWidth'), 390)

    def test_axe_finds_no_serious_error(self):
        for width, dark in ((1280, False), (1280, True), (390, False)):
            self.open(width=width, dark=dark)
            self.assertEqual(self.browser.violations(), [], (width, dark))

    def test_everything_is_reached_by_keyboard(self):
        self.open()
        self.browser.script('document.activeElement.blur()')
        seen = set()
        for _ in range(200):
            self.browser.driver.switch_to.active_element.send_keys(Keys.TAB)
            seen.add(self.browser.script('const e = document.activeElement; return e.tagName + ":" + (e.id || e.getAttribute("aria-label") || e.textContent)'))
        for wanted in ('BUTTON:theme', 'BUTTON:Zoom in', 'BUTTON:Next match'):
            self.assertIn(wanted, seen)
        self.assertTrue(any(name.startswith('CANVAS:Timeline') for name in seen), seen)

    def test_the_button_changes_the_colours_and_back(self):
        self.open()
        colour = lambda: self.browser.script('return getComputedStyle(document.body).backgroundColor')
        light = colour()
        self.find('#theme').click()
        self.assertNotEqual(colour(), light)
        self.find('#theme').click()
        self.assertEqual(colour(), light)

    def test_it_looks_as_it_did(self):
        for width in (1280, 390):
            for dark in (False, True):
                self.open(width=width, height=900, dark=dark)
                browser.check_reference(self.browser.screenshot(), f"run_{width}_{'dark' if dark else 'light'}")

    def test_a_run_without_traces_says_so(self):
        folder = self.folder / 'untraced'
        browser.nsim('run', browser.SOURCE / 'models/vector_add.nasm', '--config', 'trn1', '--no-trace', '--out', folder, '--quiet')
        browser.nsim('report', folder)
        self.browser.open(folder / 'report.html')
        self.assertIn('left no traces', self.find('#timeline').text)
        self.assertEqual(self.browser.errors(), [])


if __name__ == '__main__':
    unittest.main()
