// SPDX-License-Identifier: Apache-2.0
// Which points no other beats in two results, and a picture of it.
import {element} from './dom.js';

/** The points that no other is better than in one and at least as good in the other; sign -1: larger is better. */
export function paretoFront(points, signX, signY) {
  const sorted = [...points].sort((a, b) => signX * (a.x - b.x) || signY * (a.y - b.y));
  const front = [];
  let best = Infinity;
  for (const point of sorted) {
    const last = front[front.length - 1];
    if (signY * point.y < best || (last && last.x === point.x && last.y === point.y)) {
      front.push(point);
      best = signY * point.y;
    }
  }
  return front;
}

const HEIGHT = 400;
const EDGE = {left: 76, right: 24, top: 16, bottom: 48};

export function scale(low, high, from, to) {
  const span = high - low || Math.abs(high) || 1;
  const [a, b] = [low - 0.04 * span, high + 0.04 * span];
  const at = (value) => from + (value - a) / (b - a) * (to - from);
  const step = [1, 2, 5, 10].map((factor) => factor * 10 ** Math.floor(Math.log10(span / 5))).find((size) => span / size <= 6);
  at.ticks = [];
  for (let tick = Math.ceil(a / step) * step; tick <= b; tick += step) {
    at.ticks.push(Number(tick.toPrecision(8)));
  }
  return at;
}

export function paretoChart(points, front, xName, yName, describe, text) {
  const WIDTH = matchMedia('(max-width: 600px)').matches ? 420 : 900;  // texts stay as large as they are
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const x = scale(Math.min(...xs), Math.max(...xs), EDGE.left, WIDTH - EDGE.right);
  const y = scale(Math.min(...ys), Math.max(...ys), HEIGHT - EDGE.bottom, EDGE.top);
  const chosen = element('p', {class: 'details', role: 'status'});
  const svg = element('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'group',
    'aria-label': `${yName} against ${xName}: ${points.length} points, ${front.length} on the front`});
  for (const tick of x.ticks) {
    svg.append(element('line', {class: 'grid', x1: x(tick), x2: x(tick), y1: EDGE.top, y2: HEIGHT - EDGE.bottom}),
               element('text', {x: x(tick), y: HEIGHT - EDGE.bottom + 18, 'text-anchor': 'middle'}, text(tick)));
  }
  for (const tick of y.ticks) {
    svg.append(element('line', {class: 'grid', x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(tick), y2: y(tick)}),
               element('text', {x: EDGE.left - 6, y: y(tick) + 4, 'text-anchor': 'end'}, text(tick)));
  }
  svg.append(element('text', {x: WIDTH / 2, y: HEIGHT - 8, 'text-anchor': 'middle'}, xName),
             element('text', {transform: `translate(14 ${HEIGHT / 2}) rotate(-90)`, 'text-anchor': 'middle'}, yName));
  for (const point of points) {
    if (!front.includes(point)) {
      svg.append(element('circle', {class: 'other', cx: x(point.x), cy: y(point.y), r: 4, onclick: () => { chosen.textContent = describe(point); }},
                         element('title', {}, describe(point))));
    }
  }
  const ordered = [...front].sort((a, b) => a.x - b.x);
  svg.append(element('polyline', {class: 'front', points: ordered.map((point) => `${x(point.x)},${y(point.y)}`).join(' ')}));
  for (const point of ordered) {
    svg.append(element('circle', {class: 'whole', cx: x(point.x), cy: y(point.y), r: 6, tabindex: 0, role: 'img', 'aria-label': describe(point),
      onfocus: () => { chosen.textContent = describe(point); }, onclick: () => { chosen.textContent = describe(point); }},
                       element('title', {}, describe(point))));
  }
  return element('div', {}, svg, chosen);
}
