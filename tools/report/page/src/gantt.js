// SPDX-License-Identifier: Apache-2.0
// The timeline: rows of engines and queues, from the whole run down to single instructions. What is
// narrower than a pixel is drawn as how much of the pixel is covered, computed from sums (timeline.js), so
// that a frame costs rows x pixels x log(slices), whatever the number of slices. The canvas is as high as the
// box it stands in, which scrolls over as many rows as there are.
import {colour, colourOf, element, onTheme, percentText, timeText} from './dom.js';
import {covered, firstAfter} from './timeline.js';

const ROW = 18;
const AXIS = 22;
const HIGHEST = 8000;  // of a canvas, when all of it is printed
const KINDS = [['host', 'Host threads'], ['unit', 'Requests'], ['queue', 'DMA queues'], ['dma', 'DMA engines'],
               ['engine', 'Engines'], ['wait', 'What engines wait for']];
const HELP = 'Arrow keys left and right move in time, plus and minus zoom, Home shows the whole run. Arrow keys up and ' +
    'down choose a row, N and P the next and previous slice of it, Enter zooms to the slice. With the mouse: ' +
    'drag to move, Ctrl and wheel or a double click to zoom.';

export function gantt(timeline, onWindow) {
  const view = new Gantt(timeline, onWindow);
  return {node: view.node, view};
}

class Gantt {
  constructor(timeline, onWindow) {
    this.timeline = timeline;
    this.onWindow = onWindow;
    this.from = timeline.begin;
    this.to = timeline.end;
    this.row = 0;
    this.slice = -1;
    this.hidden = new Set(timeline.rows.length > 60 ? ['dma'] : []);
    if (timeline.rows.filter((row) => row.kind !== 'dma').length > 120) {
      this.hidden.add('wait');
    }
    this.needle = '';
    this.build();
    this.choose();
    onTheme(() => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.box);
    this.box.addEventListener('scroll', () => this.draw());
  }

  build() {
    this.canvas = element('canvas', {
      tabindex: 0, role: 'application', 'aria-label': `Timeline of ${this.timeline.rows.length} rows`,
      'aria-describedby': 'timeline-help', 'aria-roledescription': 'timeline',
    });
    this.details = element('p', {class: 'details', role: 'status'});
    this.range = element('span', {class: 'range'});
    const button = (text, label, action) =>
        element('button', {type: 'button', 'aria-label': label, title: label, onclick: action}, text);
    const kinds = KINDS.filter(([kind]) => this.timeline.rows.some((row) => row.kind === kind)).map(([kind, name]) =>
        element('label', {}, element('input', {
          type: 'checkbox', checked: !this.hidden.has(kind),
          onchange: (event) => this.toggle(kind, event.target.checked),
        }), ` ${name}`));
    this.find = element('input', {
      type: 'search', placeholder: 'opcode, operator or cause', spellcheck: 'false',
      oninput: () => { this.needle = this.find.value.trim().toLowerCase(); this.match(); this.draw(); },
      onkeydown: (event) => { if (event.key === 'Enter') { this.nextMatch(); event.preventDefault(); } },
    });
    this.node = element('div', {class: 'gantt'},
        element('div', {class: 'tools', role: 'group', 'aria-label': 'Timeline'},
            button('−', 'Zoom out', () => this.zoom(2)), button('+', 'Zoom in', () => this.zoom(0.5)),
            button('←', 'Earlier', () => this.move(-0.25)), button('→', 'Later', () => this.move(0.25)),
            button('Whole run', 'Whole run', () => this.window(this.timeline.begin, this.timeline.end)),
            element('label', {class: 'find'}, 'Find ', this.find),
            button('Next', 'Next match', () => this.nextMatch()), this.range),
        element('div', {class: 'tools', role: 'group', 'aria-label': 'Rows shown'}, ...kinds),
        element('p', {id: 'timeline-help', class: 'help'}, HELP),
        this.box = element('div', {class: 'canvas'}, this.space = element('div', {}, this.canvas)), this.details);
    this.canvas.addEventListener('keydown', (event) => this.key(event));
    this.canvas.addEventListener('wheel', (event) => this.wheel(event), {passive: false});
    this.canvas.addEventListener('dblclick', (event) => this.zoom(0.25, this.timeAt(event.offsetX)));
    this.canvas.addEventListener('pointerdown', (event) => this.drag(event));
  }

  /** Which rows are shown, in their order. */
  choose() {
    this.rows = this.timeline.rows.filter((row) => !this.hidden.has(row.kind));
    this.row = Math.min(this.row, Math.max(0, this.rows.length - 1));
    this.slice = -1;
  }
  toggle(kind, on) {
    on ? this.hidden.delete(kind) : this.hidden.add(kind);
    this.choose();
    this.draw();
  }

  window(from, to) {
    const whole = this.timeline.end - this.timeline.begin;
    const width = Math.min(Math.max(to - from, 100), whole);
    this.from = Math.min(Math.max(from, this.timeline.begin), this.timeline.end - width);
    this.to = this.from + width;
    this.draw();
    this.onWindow?.(this.from, this.to);
  }
  zoom(factor, around = (this.from + this.to) / 2) {
    this.window(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }
  move(share) {
    const by = (this.to - this.from) * share;
    this.window(this.from + by, this.to + by);
  }

  key(event) {
    const actions = {
      ArrowLeft: () => this.move(-0.1), ArrowRight: () => this.move(0.1), '+': () => this.zoom(0.5),
      '=': () => this.zoom(0.5), '-': () => this.zoom(2), ArrowUp: () => this.step(-1), ArrowDown: () => this.step(1),
      n: () => this.neighbour(1), p: () => this.neighbour(-1),
      Home: () => this.window(this.timeline.begin, this.timeline.end), Enter: () => this.zoomToSlice(),
    };
    const action = actions[event.key];
    if (action && !event.ctrlKey && !event.metaKey && !event.altKey) {
      action();
      event.preventDefault();
    }
  }
  step(by) {
    this.row = Math.min(Math.max(this.row + by, 0), this.rows.length - 1);
    this.slice = -1;
    this.reveal();
    this.describe();
    this.draw();
  }
  /** Scrolls the chosen row into the box. */
  reveal() {
    const top = this.row * ROW;
    const room = this.box.clientHeight - AXIS - ROW;
    this.box.scrollTop = Math.max(top - room, Math.min(top, this.box.scrollTop));
  }
  neighbour(by) {
    const row = this.rows[this.row];
    const next = this.slice < 0 ? firstAfter(row, this.from) : this.slice + by;
    this.slice = Math.min(Math.max(next, 0), row.count - 1);
    const [start, end] = [row.start[this.slice], row.end[this.slice]];
    if (start < this.from || end > this.to) {
      const width = this.to - this.from;
      this.window(start - width / 3, start + width * 2 / 3);
    }
    this.describe();
    this.draw();
  }
  zoomToSlice() {
    if (this.slice >= 0) {
      const row = this.rows[this.row];
      const width = Math.max(row.end[this.slice] - row.start[this.slice], 1000);
      this.window(row.start[this.slice] - width, row.end[this.slice] + width);
    }
  }

  wheel(event) {
    if (event.ctrlKey || event.metaKey) {
      this.zoom(Math.exp(event.deltaY * 0.002), this.timeAt(event.offsetX));
      event.preventDefault();
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.move((event.deltaX || event.deltaY) / this.width);
      event.preventDefault();
    }
  }
  drag(event) {
    const origin = {x: event.clientX, from: this.from, to: this.to};
    let moved = false;
    const move = (at) => {
      const by = (origin.x - at.clientX) * (origin.to - origin.from) / this.width;
      moved = moved || Math.abs(at.clientX - origin.x) > 3;
      if (moved) {
        this.window(origin.from + by, origin.to + by);
      }
    };
    const up = (at) => {
      this.canvas.removeEventListener('pointermove', move);
      this.canvas.removeEventListener('pointerup', up);
      this.canvas.removeEventListener('pointercancel', up);
      if (!moved && at.type === 'pointerup') {
        this.pick(at.offsetX, at.offsetY);
      }
    };
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.addEventListener('pointermove', move);
    this.canvas.addEventListener('pointerup', up);
    this.canvas.addEventListener('pointercancel', up);
  }
  pick(x, y) {
    const index = Math.floor((y - AXIS + this.box.scrollTop) / ROW);
    if (y < AXIS || index >= this.rows.length) {
      return;
    }
    this.row = index;
    const row = this.rows[index];
    const reach = (this.to - this.from) / this.width * 2;
    const i = firstAfter(row, this.timeAt(x) - reach);
    this.slice = i < row.count && row.start[i] <= this.timeAt(x) + reach ? i : -1;
    this.describe();
    this.draw();
  }

  /** Which texts and labels the search means. */
  match() {
    const test = (text) => text.toLowerCase().includes(this.needle);
    this.texts = this.needle ? this.timeline.texts.map(test) : null;
    this.labels = this.needle ? this.timeline.labels.map((label) => test(label.name)) : null;
  }
  matches(row, i) {
    return !this.texts || this.texts[row.text[i]] || (row.label !== null && this.labels[row.label[i]]);
  }
  /** A row, when it is among those shown, around the time from..to. */
  show(name, from, to) {
    const index = this.rows.findIndex((row) => row.name === name);
    if (index >= 0) {
      this.row = index;
      this.slice = firstAfter(this.rows[index], from);
      this.slice = this.slice < this.rows[index].count && this.rows[index].start[this.slice] < to ? this.slice : -1;
      this.reveal();
    }
    const margin = Math.max(to - from, 1000);
    this.window(from - margin, to + margin);
    this.describe();
    this.node.scrollIntoView({block: 'start'});
    this.canvas.focus({preventScroll: true});
  }
  search(text) {
    this.find.value = text;
    this.find.dispatchEvent(new Event('input'));
    this.nextMatch();
    this.node.scrollIntoView({block: 'start'});
  }
  nextMatch() {
    if (!this.needle) {
      return;
    }
    const after = this.slice >= 0 ? this.rows[this.row].start[this.slice] : this.from - 1;
    let best = null;
    this.rows.forEach((row, index) => {
      for (let i = firstAfter(row, after); i < row.count && (!best || row.start[i] < best.start); i++) {
        if (row.start[i] > after && this.matches(row, i)) {
          best = {index, i, start: row.start[i]};
        }
      }
    });
    if (!best) {
      this.details.textContent = `Nothing later has "${this.needle}" in a row that is shown.`;
      return;
    }
    this.row = best.index;
    this.slice = best.i;
    this.reveal();
    const width = this.to - this.from;
    if (best.start < this.from || best.start > this.to) {
      this.window(best.start - width / 3, best.start + width * 2 / 3);
    }
    this.describe();
    this.draw();
  }

  describe() {
    const row = this.rows[this.row];
    if (!row) {
      return;
    }
    const ns = (ps) => timeText(ps / 1000);
    if (this.slice < 0) {
      const busy = 100 * covered(row, this.from, this.to) / (this.to - this.from);
      this.details.textContent = `${row.name}: ${row.count} slices, ${percentText(busy)} of the time shown`;
      return;
    }
    const i = this.slice;
    const parts = [`${row.name}: ${this.timeline.texts[row.text[i]]}`];
    if (row.label && this.timeline.labels[row.label[i]].name) {
      parts.push(`operator ${this.timeline.labels[row.label[i]].name}`);
    }
    parts.push(`starts at ${ns(row.start[i])}`, `takes ${ns(row.end[i] - row.start[i])}`);
    if (row.kind === 'engine' && row.other) {
      parts.push(`result after ${ns(Math.max(row.end[i], row.end[i] + row.other[i]) - row.start[i])}`);
    }
    if (row.kind === 'queue' && row.other && row.other[i] < 0) {
      parts.push(`submitted ${ns(-row.other[i])} before`);
    }
    const detail = {engine: 'line', queue: 'bytes', dma: 'bytes', unit: 'bytes', host: 'request'}[row.kind];
    if (detail && row.detail && row.detail[i]) {
      parts.push(`${detail} ${row.detail[i]}`);
    }
    this.details.textContent = parts.join(', ');
  }

  timeAt(x) {
    return this.from + (x - this.left) * (this.to - this.from) / this.width;
  }
  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }
  paint() {
    const total = this.box.clientWidth;
    if (!total) {
      return;
    }
    const whole = AXIS + ROW * this.rows.length;
    this.space.style.height = `${whole}px`;
    const height = Math.min(whole, this.box.clientHeight, HIGHEST);
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(total * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.height = `${height}px`;
    this.left = total < 600 ? 96 : 170;
    this.width = total - this.left;
    const pen = this.canvas.getContext('2d');
    this.c = Object.fromEntries(['text', 'muted', 'grid', 'chosen', 'on-slice', 'dark'].map((name) => [name, colour(name)]));
    pen.scale(ratio, ratio);
    pen.font = '12px system-ui, sans-serif';
    pen.textBaseline = 'middle';
    this.paintAxis(pen, height);
    pen.save();
    pen.beginPath();
    pen.rect(0, AXIS, total, height);
    pen.clip();
    const scrolled = this.box.scrollTop;
    const last = Math.min(this.rows.length, Math.ceil((scrolled + height) / ROW));
    for (let index = Math.floor(scrolled / ROW); index < last; index++) {
      this.paintRow(pen, this.rows[index], index, AXIS + index * ROW - scrolled);
    }
    pen.restore();
    this.range.textContent = `${timeText(this.from / 1000)} to ${timeText(this.to / 1000)}`;
  }
  paintAxis(pen, height) {
    const span = this.to - this.from;
    const wanted = span / Math.max(2, this.width / 110);
    const power = 10 ** Math.floor(Math.log10(wanted));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= wanted);
    pen.fillStyle = this.c.muted;
    pen.strokeStyle = this.c.grid;
    for (let at = Math.ceil(this.from / step) * step; at < this.to; at += step) {
      const x = this.left + (at - this.from) * this.width / span;
      pen.beginPath();
      pen.moveTo(x, AXIS);
      pen.lineTo(x, height);
      pen.stroke();
      if (x < this.left + this.width - 60) {
        pen.fillText(timeText(at / 1000), x + 3, AXIS / 2);
      }
    }
  }
  paintRow(pen, row, index, y) {
    if (index === this.row) {
      pen.fillStyle = this.c.chosen;
      pen.fillRect(0, y, this.left + this.width, ROW);
    }
    pen.fillStyle = row.kind === 'wait' ? this.c.muted : this.c.text;
    pen.fillText(row.name, row.kind === 'wait' ? 14 : 4, y + ROW / 2, this.left - 18);
    pen.save();
    pen.beginPath();
    pen.rect(this.left, y, this.width, ROW);
    pen.clip();
    const first = firstAfter(row, this.from);
    const last = firstAfter(row, this.to);
    last - first <= this.width ? this.paintSlices(pen, row, y, first, last) : this.paintCoverage(pen, row, y);
    pen.restore();
  }
  paintSlices(pen, row, y, first, last) {
    const scale = this.width / (this.to - this.from);
    for (let i = first; i < Math.min(row.count, last + 1); i++) {
      const x = this.left + (row.start[i] - this.from) * scale;
      const width = (row.end[i] - row.start[i]) * scale;
      if (x > this.left + this.width) {
        break;
      }
      const text = this.timeline.texts[row.text[i]];
      pen.globalAlpha = (this.matches(row, i) ? 1 : 0.12) * (row.kind === 'wait' ? 0.45 : 1);
      pen.fillStyle = this.paintOf(text);
      pen.fillRect(x, y + 2, Math.max(width - (width > 3 ? 1 : 0), 0.75), ROW - 4);
      if (width > 30) {
        const label = row.label ? this.timeline.labels[row.label[i]].name : '';
        pen.globalAlpha = this.matches(row, i) ? 1 : 0.3;
        pen.fillStyle = row.kind === 'wait' ? this.c.text : this.c['on-slice'];
        this.fit(pen, label ? `${text} ${label}` : text, Math.max(x, this.left) + 3, y + ROW / 2,
                 Math.min(x + width, this.left + this.width) - Math.max(x, this.left) - 6);
      }
      if (i === this.slice && row === this.rows[this.row]) {
        pen.globalAlpha = 1;
        pen.strokeStyle = this.c.text;
        pen.lineWidth = 2;
        pen.strokeRect(x, y + 1.5, Math.max(width, 2), ROW - 3);
        pen.lineWidth = 1;
      }
    }
    pen.globalAlpha = 1;
  }
  fit(pen, text, x, y, width) {
    let shown = text;
    while (shown.length > 1 && pen.measureText(shown).width > width) {
      shown = shown.slice(0, Math.floor(shown.length * 0.8) - 1);
    }
    if (shown.length > 2) {
      pen.fillText(shown === text ? text : `${shown}…`, x, y, width);
    }
  }
  /** A column per pixel: the colour of a slice in it, as opaque as it is covered. */
  paintCoverage(pen, row, y) {
    const per = (this.to - this.from) / this.width;
    for (let x = 0; x < this.width; x++) {
      const from = this.from + x * per;
      const share = covered(row, from, from + per) / per;
      if (share <= 0) {
        continue;
      }
      const i = this.shownAt(row, from, from + per);
      pen.globalAlpha = (0.15 + 0.85 * Math.min(1, share)) * (row.kind === 'wait' ? 0.45 : 1) *
          (this.matches(row, i) ? 1 : 0.12);
      pen.fillStyle = this.paintOf(this.timeline.texts[row.text[i]]);
      pen.fillRect(this.left + x, y + 2, 1, ROW - 4);
    }
    pen.globalAlpha = 1;
  }
  /** The longest of the first slices in a span, or the first that the search means. */
  shownAt(row, from, to) {
    const first = Math.min(firstAfter(row, from), row.count - 1);
    let best = first;
    for (let i = first; i < Math.min(first + 16, row.count) && row.start[i] < to; i++) {
      if (this.texts ? this.matches(row, i) && !this.matches(row, best) :
                       row.end[i] - row.start[i] > row.end[best] - row.start[best]) {
        best = i;
      }
    }
    return best;
  }
  paintOf(text) {
    this.colours = this.colours?.dark === this.c.dark ? this.colours : {dark: this.c.dark, of: new Map()};
    let found = this.colours.of.get(text);
    if (!found) {
      this.colours.of.set(text, found = colourOf(text));
    }
    return found;
  }
}
