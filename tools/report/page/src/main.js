// SPDX-License-Identifier: Apache-2.0
// Fills the page from the data that nsim report put into it.
import './licence.js';
import 'uplot/dist/uPlot.min.css';
import './style.css';
import {element, isDark, themeChanged} from './dom.js';
import {runPage} from './run.js';
import {sweepPage} from './sweep.js';
import {unpack} from './timeline.js';

const text = (id) => document.getElementById(id)?.textContent ?? '';

async function fill() {
  const report = JSON.parse(text('report-data'));
  const page = document.getElementById('page');
  let parts;
  if (report.kind === 'sweep') {
    parts = sweepPage(report);
  } else {
    const head = JSON.parse(text('timeline-head'));
    parts = runPage(report, await unpack(head, text('timeline-data')));
  }
  page.replaceChildren(...parts);
  document.getElementById('contents').replaceChildren(...parts.map((part) => element('li', {},
      element('a', {href: `#${part.id}`}, part.querySelector('h2').textContent))));
  document.documentElement.dataset.ready = 'yes';
}

function themeButton() {
  const button = document.getElementById('theme');
  const name = () => { button.textContent = isDark() ? 'Light' : 'Dark'; };
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    name();
    themeChanged();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { name(); themeChanged(); });
  // Paper is white.
  let screen;
  addEventListener('beforeprint', () => {
    screen = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = 'light';
    themeChanged();
  });
  addEventListener('afterprint', () => {
    screen ? document.documentElement.dataset.theme = screen : delete document.documentElement.dataset.theme;
    themeChanged();
  });
  name();
}

themeButton();
fill().catch((error) => {
  document.getElementById('page').replaceChildren(element('p', {role: 'alert'},
      `The page cannot be shown: ${error.message}. A browser of 2023 or later is needed.`));
  throw error;
});
