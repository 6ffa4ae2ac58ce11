// SPDX-License-Identifier: Apache-2.0
// A table whose rows can be sorted by any column and filtered by a text or by conditions like "time < 20".
import {element, isDark, scrolling} from './dom.js';

const SHOWN = 50;

/**
 * columns: [{name, text: row => string, value: row => number|string, number: bool, base: bool}]; of a column of numbers in
 * base units (durations in ns) conditions may have units: "hbm.bandwidth >= 400 GB/s".
 * onRows(rows) is told which rows the filter leaves; onRow(row) makes the first cell a button. `name` stands in the label
 * of the filter.
 */
export function sortedTable({label, name = label.toLowerCase(), columns, rows, filter = rows.length > 8, first = SHOWN, sort, descending = false, onRows, onRow}) {
  let shown = first;
  let by = columns.find((column) => column.name === sort);
  let down = descending;
  let wanted = () => true;
  const body = element('tbody');
  const status = element('p', {class: 'status', role: 'status'});
  const more = element('button', {type: 'button', class: 'more', onclick: () => { shown *= 5; draw(); }}, 'Show more rows');
  const heads = columns.map((column) => {
    const button = element('button', {type: 'button', onclick: () => sortBy(column)}, column.name);
    return element('th', {scope: 'col', class: column.number ? 'number' : undefined}, button);
  });
  const table = element('table', {}, element('caption', {}, label), element('thead', {}, element('tr', {}, ...heads)), body);

  function sortBy(column) {
    down = by === column ? !down : Boolean(column.number);
    by = column;
    draw();
  }
  function draw() {
    const left = rows.filter(wanted);
    if (by) {
      left.sort((a, b) => compare(by.value(a), by.value(b)) * (down ? -1 : 1));
    }
    heads.forEach((head, i) => head.setAttribute(
        'aria-sort', by === columns[i] ? (down ? 'descending' : 'ascending') : 'none'));
    body.replaceChildren(...left.slice(0, shown).map((row) => tableRow(columns, row, onRow)));
    more.hidden = left.length <= shown;
    status.textContent = filter || left.length > shown ?
        `${left.length} of ${rows.length} rows${left.length > shown ? `, the first ${shown} shown` : ''}` : '';
    onRows?.(left);
  }
  const parts = [scrolling(label, table), more, status];
  if (filter) {
    const input = element('input', {
      type: 'search', placeholder: 'text, or e.g. ' + example(columns), spellcheck: 'false',
      oninput: () => {
        const problem = condition(input.value, columns, (test) => { wanted = test; });
        input.setCustomValidity(problem ?? '');
        input.setAttribute('aria-invalid', String(Boolean(problem)));
        shown = first;
        draw();
        if (problem) {
          status.textContent = problem;
        }
      },
    });
    parts.unshift(element('label', {class: 'filter'}, `Filter ${name} `, input));
  }
  draw();
  return element('div', {class: 'table'}, ...parts);
}

function tableRow(columns, row, onRow) {
  return element('tr', {}, ...columns.map((column, i) => element(
      i === 0 ? 'th' : 'td', {scope: i === 0 ? 'row' : undefined, class: column.number ? 'number' : undefined},
      i === 0 && onRow ? element('button', {type: 'button', class: 'link', title: 'Show in the timeline', onclick: () => onRow(row)},
                                 column.text(row)) : column.text(row))));
}

function compare(a, b) {
  if (typeof a === 'number' && typeof b === 'number') {
    return (Number.isNaN(a) ? -Infinity : a) - (Number.isNaN(b) ? -Infinity : b);
  }
  return String(a).localeCompare(String(b), undefined, {numeric: true});
}

function example(columns) {
  const column = columns.find((candidate) => candidate.number);
  return column ? `${column.name} < 10 and ${column.name} >= 2` : columns[0].name;
}

const CONDITION = /^\s*(.+?)\s*(<=|>=|!=|==|=|<|>)\s*(.+?)\s*$/;
const TESTS = {
  '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '>=': (a, b) => a >= b,
  '=': (a, b) => a === b, '==': (a, b) => a === b, '!=': (a, b) => a !== b,
};

const UNITS = {
  B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40,
  Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9, ps: 1e-3, ns: 1, us: 1e3, ms: 1e6, s: 1e9, '%': 0.01,
};

/** A number as people write it, in quotes or not; NaN when it is none. */
function amount(text, base) {
  const plain = text.replace(/^(["'])(.*)\1$/, '$2').trim();
  const match = base ? /^([-+.\d]+(?:e[-+]?\d+)?) ?([A-Za-z]*B)\/s$|^([-+.\d]+(?:e[-+]?\d+)?) ?([A-Za-z%]+)$/.exec(plain) : null;
  const unit = match?.[2] ?? match?.[4];
  if (unit !== undefined && Object.hasOwn(UNITS, unit)) {
    return Number(match[1] ?? match[3]) * UNITS[unit];
  }
  return plain === '' ? NaN : Number(plain);
}

/** Hands the test that `text` stands for to `use`; returns what is wrong with it, if anything. */
export function condition(text, columns, use) {
  const tests = [];
  for (const part of text.split(/\s+and\s+/i)) {
    const match = CONDITION.exec(part);
    if (!match) {
      const needle = part.trim().toLowerCase();
      tests.push((row) => columns.some((column) => column.text(row).toLowerCase().includes(needle)));
      continue;
    }
    const column = columns.find((candidate) => candidate.name.toLowerCase() === match[1].toLowerCase());
    if (!column) {
      use(() => true);
      return `There is no column "${match[1]}"; there are ${columns.map((each) => each.name).join(', ')}.`;
    }
    const limit = amount(match[3], column.base);
    if (column.number && Number.isNaN(limit)) {
      use(() => true);
      return `"${match[3]}" is no number; ${column.name} has numbers.`;
    }
    tests.push(column.number ? (row) => TESTS[match[2]](column.value(row), limit) :
                               (row) => TESTS[match[2]](String(column.value(row)), match[3]));
  }
  use((row) => tests.every((test) => test(row)));
  return null;
}

/** A plain table: heads, rows of texts; the first cell of a row is its heading. */
export function plainTable(label, heads, rows) {
  return scrolling(label, element('table', {}, element('caption', {}, label),
      element('thead', {}, element('tr', {}, ...heads.map((head, i) => element('th', {scope: 'col', class: i ? 'number' : undefined}, head)))),
      element('tbody', {}, ...rows.map((row) => element('tr', {}, ...row.map((cell, i) => element(
          i ? 'td' : 'th', {scope: i ? undefined : 'row', class: i ? 'number' : undefined}, cell)))))));
}

/** A table whose cells are coloured from the least (light) to the most. Numbers stand in them. */
export function scrollableHeat(label, corner, columns, rows, cells, text) {
  const known = cells.flat().filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const cell = (value) => {
    if (value === null) {
      return element('td', {});
    }
    const share = high > low ? (value - low) / (high - low) : 0;
    const [from, to] = isDark() ? [18, 40] : [96, 62];
    return element('td', {style: `background:hsl(212 65% ${from + (to - from) * share}%)`}, text(value));
  };
  return scrolling(label, element('table', {class: 'heat'}, element('caption', {}, label),
      element('thead', {}, element('tr', {}, element('th', {scope: 'col'}, corner), ...columns.map((column) => element('th', {scope: 'col', class: 'number'}, column)))),
      element('tbody', {}, ...rows.map((row, i) => element('tr', {}, element('th', {scope: 'row'}, row), ...cells[i].map(cell))))));
}
