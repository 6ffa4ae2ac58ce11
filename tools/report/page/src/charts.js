// SPDX-License-Identifier: Apache-2.0
// Bars, stacked bars, the roofline and lines over time. Each has its numbers in a table beside it or in its
// texts, so that nothing is told by a picture alone.
import uPlot from 'uplot';
import {colour, colourAt, colourOf, element, onTheme, percentText, siText} from './dom.js';

/** rows: [{name, percent, text}] */
export function bars(label, rows) {
  return element('table', {class: 'bars'}, element('caption', {}, label), element('tbody', {}, ...rows.map((row) =>
    element('tr', {}, element('th', {scope: 'row'}, row.name),
        element('td', {class: 'number'}, percentText(row.percent)),
        element('td', {class: 'bar'}, element('span', {style: `width:${Math.min(100, row.percent)}%`})),
        element('td', {class: 'note'}, row.text ?? '')))));
}

/** One bar of parts: [{name, value, text}]; what is below half a percent of the sum is not drawn. */
export function stack(label, parts, total) {
  const figure = element('figure', {class: 'stack'});
  const legend = element('ul', {class: 'legend'});
  const bar = element('div', {class: 'stackbar', role: 'img', 'aria-label':
      `${label}: ${parts.map((part) => `${part.name} ${percentText(100 * part.value / total)}`).join(', ')}`});
  const shown = parts.filter((part) => part.value >= 0.005 * total);
  onTheme(() => {
    bar.replaceChildren(...shown.map((part) => element('span', {
      title: `${part.name}: ${part.text}`,
      style: `width:${100 * part.value / total}%;background:${part.colour ? colour(part.colour) : colourOf(part.name)}`,
    })));
    legend.replaceChildren(...shown.map((part) => element('li', {},
        element('i', {style: `background:${part.colour ? colour(part.colour) : colourOf(part.name)}`}),
        `${part.name} ${part.text}`)));
  });
  figure.append(element('figcaption', {}, label), bar, legend);
  return figure;
}

const HEIGHT = 420;
const MARGIN = {left: 76, right: 20, top: 16, bottom: 44};
const LETTER = 7.5;  // how wide one is, about

function logScale(low, high, from, to) {
  const [a, b] = [Math.log10(low), Math.log10(high)];
  const scale = (value) => from + (Math.log10(Math.min(Math.max(value, low), high)) - a) / (b - a) * (to - from);
  scale.ticks = [];
  for (let power = Math.ceil(a); power <= Math.floor(b); power++) {
    scale.ticks.push(10 ** power);
  }
  return scale;
}

/** Names right, left, above or below the points that weigh most, where they cover no other point or name. */
function nameLargest(svg, points, x, y, width) {
  const taken = points.map((point) => ({point, left: x(point.intensity) - 8, right: x(point.intensity) + 8,
                                        top: y(point.rate) - 8, bottom: y(point.rate) + 8}));
  const apart = (box, other) => box.right < other.left || other.right < box.left || box.bottom < other.top || other.bottom < box.top;
  let named = 0;
  for (const point of [...points].sort((a, b) => b.weight - a.weight)) {
    const [cx, cy, long] = [x(point.intensity), y(point.rate), LETTER * point.name.length];
    const places = [[cx + 12, cy + 4], [cx - 12 - long, cy + 4], [cx - long / 2, cy - 14], [cx - long / 2, cy + 24]];
    const box = places.map(([left, base]) => ({point, left, right: left + long, top: base - 12, bottom: base + 4})).find((one) =>
        one.left > MARGIN.left && one.right < width && taken.every((other) => other.point === point || apart(one, other)));
    if (box && named < 12) {
      named++;
      taken.push({...box, point: null});
      svg.append(element('text', {class: 'name', x: box.left, y: box.bottom - 4, 'aria-hidden': 'true'}, point.name));
    }
  }
}

/**
 * points: [{name, intensity, rate, weight, note, whole, hollow}]; what is beyond the scales lies on their edges. onPoint is
 * told which point was chosen.
 */
export function roofline({peakFlops, peakBytes, points, onPoint}) {
  const WIDTH = matchMedia('(max-width: 600px)').matches ? 420 : 900;  // texts stay as large as they are
  const ridge = peakFlops / peakBytes;
  const known = points.filter((point) => point.intensity > 0 && point.intensity < Infinity && point.rate > 0);
  const xs = [ridge / 100, ridge * 10, ...known.map((point) => point.intensity)];
  const rates = known.map((point) => point.rate);
  const lowRate = Math.min(peakFlops / 1e4, ...rates) / 2;
  const lowX = Math.min(...xs) / 2;
  const x = logScale(lowX, Math.max(...xs) * 2, MARGIN.left, WIDTH - MARGIN.right);
  const y = logScale(lowRate, peakFlops * 2, HEIGHT - MARGIN.bottom, MARGIN.top);
  const svg = element('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'roofline', role: 'group', 'aria-label':
      `Roofline: peak ${siText(peakFlops, 'FLOP/s')}, HBM ${siText(peakBytes, 'B/s')}, ridge at ${ridge.toFixed(1)} FLOP/B, ` +
      `${points.length} points`});
  for (const tick of x.ticks) {
    svg.append(element('line', {class: 'grid', x1: x(tick), x2: x(tick), y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom}),
               element('text', {x: x(tick), y: HEIGHT - MARGIN.bottom + 18, 'text-anchor': 'middle'}, String(Number(tick.toPrecision(3)))));
  }
  for (const tick of y.ticks) {
    svg.append(element('line', {class: 'grid', x1: MARGIN.left, x2: WIDTH - MARGIN.right, y1: y(tick), y2: y(tick)}),
               element('text', {x: MARGIN.left - 6, y: y(tick) + 4, 'text-anchor': 'end'}, siText(tick, '').replace(/\.0+ /, '')));
  }
  const start = Math.max(lowRate / peakBytes, lowX);
  const path = `M${x(start)},${y(start * peakBytes)} L${x(ridge)},${y(peakFlops)} L${WIDTH - MARGIN.right},${y(peakFlops)}`;
  svg.append(element('path', {class: 'roof', d: path}),
             element('text', {x: (MARGIN.left + WIDTH) / 2, y: HEIGHT - 6, 'text-anchor': 'middle'}, 'FLOP per byte of HBM'),
             element('text', {transform: `translate(14 ${HEIGHT / 2}) rotate(-90)`, 'text-anchor': 'middle'}, 'FLOP/s'));
  const reached = points.length <= 60;  // by keyboard; the table beside has all of them
  for (const point of points) {
    const none = !(point.rate > 0);
    const circle = element('circle', {
      class: point.whole ? 'whole' : none || point.hollow ? 'none' : 'point', r: point.whole ? 8 : 6,
      cx: x(point.intensity),
      cy: none ? HEIGHT - MARGIN.bottom : y(point.rate), tabindex: reached || point.whole ? 0 : undefined, role: 'img', 'aria-label': `${point.name}: ${point.note}`,
      onclick: () => onPoint?.(point), onfocus: () => onPoint?.(point),
    }, element('title', {}, `${point.name}: ${point.note}`));
    svg.append(circle);
  }
  nameLargest(svg, points.filter((point) => point.rate > 0), x, y, WIDTH);
  return svg;
}

const WHOLE_STEPS = [0, 1, 2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

/** Lines over time or any other number. series: [{name, values, place}]; with a place its colour
 * goes by that, else by its name. `whole`: x counts something. Redrawn when the window or theme changes. */
export function lines({label, whole = false, xName, xText = (value) => String(value), yText = (value) => String(value), x, series, height = 220, points = false}) {
  const box = element('div', {class: 'lines', role: 'img', 'aria-label': label});
  let chart = null;
  let data = [x, ...series.map((one) => one.values)];
  const make = () => {
    chart?.destroy();
    const axis = {stroke: colour('muted'), grid: {stroke: colour('grid'), width: 1}, ticks: {stroke: colour('grid')}};
    chart = new uPlot({
      width: Math.max(box.clientWidth, 240), height, scales: {x: {time: false}},
      axes: [{...axis, ...(whole ? {incrs: WHOLE_STEPS} : {}), label: xName, labelSize: 20, values: (_, ticks) => ticks.map(xText)},
             {...axis, size: 70, values: (_, ticks) => ticks.map(yText)}],
      series: [{label: xName, value: (_, value) => value === null || value === undefined ? '' : xText(value)},
               ...series.map((one) => ({
                 label: one.name, stroke: one.place === undefined ? colourOf(one.name) : colourAt(one.place), width: 1.5, points: {show: points, size: 6}, spanGaps: true,
                 value: (_, value) => value === null || value === undefined ? '' : yText(value),
               }))],
    }, data, box);
  };
  onTheme(() => box.isConnected && make());
  new ResizeObserver(() => {
    if (!chart) {
      make();
    } else if (Math.abs(chart.width - box.clientWidth) > 1 && box.clientWidth >= 240) {
      chart.setSize({width: box.clientWidth, height});
    }
  }).observe(box);
  return {
    node: element('figure', {}, element('figcaption', {}, label), box),
    update: (next) => { data = next; chart?.setData(next); },
  };
}
