# SPDX-License-Identifier: Apache-2.0
"""The page of a sweep. Alone: python3 tests/browser/sweep_page_test.py [SweepPage.test_...]"""

import json
import pathlib
import shutil
import tempfile
import unittest

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

import browser

SWEEP = '''
name = "balance"
program = "{program}"
config = "trn1"
requests = 2
[axes]
hbm.bandwidth = ["205GB/s", "410GB/s", "820GB/s"]
device.dma_engines = [4, 16]
depth = [1, 2]
[columns]
cost = "hbm.bandwidth / 410GB/s + 0.1 * device.dma_engines / 16"
'''


class SweepPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix='nsim_browser.'))
        file = cls.folder / 'balance.toml'
        file.write_text(SWEEP.format(program=browser.SOURCE / 'models/mini_lm.toml'))
        cls.sweep = cls.folder / 'sweep'
        browser.nsim('sweep', file, '-j1', '--out', cls.sweep)
        browser.nsim('report', cls.sweep)
        cls.page = cls.sweep / 'report.html'
        cls.report = json.loads(browser.nsim('report', cls.sweep, '--format', 'json'))
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        shutil.rmtree(cls.folder)

    def open(self, **options):
        self.browser.open(self.page, **options)

    def find(self, selector):
        return self.browser.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.browser.driver.find_elements(By.CSS_SELECTOR, selector)

    def results(self, name):
        return self.report['results'][name]

    def choose(self, section, label, option):
        for node in self.all(f'#{section} .choices label'):
            if node.text.startswith(label):
                Select(node.find_element(By.TAG_NAME, 'select')).select_by_visible_text(option)
                self.browser.settle()
                return
        self.fail(f'{section} has no choice {label}')

    def test_it_opens_without_errors_and_asks_for_nothing(self):
        self.browser.errors()
        self.browser.requests()
        self.open()
        self.assertEqual(self.browser.errors(), [])
        self.assertEqual(self.browser.requests(), [])
        self.assertEqual([head.text for head in self.all('h2')],
                         ['Overview', 'Lines', 'Heat map', 'Parallel coordinates', 'Pareto front', 'Points'])

    def test_the_lines_are_the_means_over_the_other_axes(self):
        self.open()
        self.choose('lines', 'Over', 'hbm.bandwidth')
        self.choose('lines', 'One line per', 'device.dma_engines')
        first = self.all('#lines .scroll tbody tr')[0].text.split()
        for column, engines in ((1, 4), (2, 16)):
            values = [time for time, point in zip(self.results('time'), self.report['points'])
                      if point['texts']['hbm.bandwidth'] == '205GB/s' and point['settings']['device.dma_engines'] == engines]
            self.assertAlmostEqual(float(first[column]) / (sum(values) / len(values)), 1, places=4)
        self.assertEqual(len(self.all('#lines canvas')), 1)

    def test_the_heat_map_has_a_cell_per_pair_and_the_least_of_the_rest(self):
        self.open()
        self.choose('heat', 'Of the others the', 'least')
        cells = [float(cell.text) for cell in self.all('#heat td')]
        self.assertEqual(len(cells), 3 * 2)
        self.assertAlmostEqual(min(cells) / min(self.results('time')), 1, places=4)

    def test_parallel_coordinates_keep_what_is_between_two_values(self):
        self.open()
        self.assertEqual(len(self.all('#parallel .thread')), 12)
        field = self.find('#parallel input[aria-label="to device.dma_engines"]')
        self.browser.script('arguments[0].value = "4"; arguments[0].dispatchEvent(new Event("change"))', field)
        self.assertIn('6 of 12 points', self.find('#parallel .status').text)
        self.assertEqual(len(self.all('#parallel .thread.off')), 6)

    def test_the_pareto_front_is_that_of_sweep_show(self):
        self.open()
        shown = json.loads(browser.nsim('sweep', 'show', self.sweep, '--pareto', 'time,cost', '--format', 'json'))
        self.assertEqual({int(row.text) for row in self.all('#pareto tbody th')}, {int(row['point']) for row in shown})
        self.choose('pareto', 'Up, better is', 'larger')
        shown = json.loads(browser.nsim('sweep', 'show', self.sweep, '--pareto', 'time,max:cost', '--format', 'json'))
        self.assertEqual({int(row.text) for row in self.all('#pareto tbody th')}, {int(row['point']) for row in shown})

    def test_the_table_sorts_and_filters(self):
        self.open()
        field = self.find('#points input[type=search]')
        field.send_keys('depth = 2 and device.dma_engines > 4')
        self.assertEqual(len(self.all('#points tbody tr')), 3)
        for button in self.all('#points thead button'):
            if button.text.startswith('time'):
                button.click()
        times = [float(cell.text) for cell in self.all('#points tbody td:nth-child(5)')]
        self.assertEqual(times, sorted(times, reverse=True))

    def test_conditions_of_the_table_take_units(self):
        self.open()
        field = self.find('#points input[type=search]')
        for text, rows in (('hbm.bandwidth >= 410GB/s', 8), ('hbm.bandwidth = "820 GB/s"', 4), ('hbm.bandwidth < 0.4 TB/s', 4),
                           ('hbm.bandwidth > 409999MB/s and depth = 1', 4), ('time < 1s', 12), ('time < 1 ps', 0)):
            field.clear()
            field.send_keys(text)
            self.assertEqual(len(self.all('#points tbody tr')), rows, text)
        field.clear()
        field.send_keys('time < 3 furlongs')
        self.assertIn('"3 furlongs" is no number', self.find('#points .status').text)

    def test_a_narrow_screen_shows_it_without_scrolling_sideways(self):
        self.open(width=390, height=844)
        self.assertLessEqual(self.browser.script('return document.documentElement.scrollWidth'), 390)

    def test_axe_finds_no_serious_error(self):
        for width, dark in ((1280, False), (1280, True), (390, True)):
            self.open(width=width, dark=dark)
            self.assertEqual(self.browser.violations(), [], (width, dark))

    def test_it_prints(self):
        self.open()
        self.assertTrue(self.browser.pdf().startswith(b'%PDF'))

    def test_it_looks_as_it_did(self):
        for width, dark in ((1280, False), (390, True)):
            self.open(width=width, height=900, dark=dark)
            browser.check_reference(self.browser.screenshot(), f"sweep_{width}_{'dark' if dark else 'light'}")


if __name__ == '__main__':
    unittest.main()
