// SPDX-License-Identifier: Apache-2.0
// Parallel coordinates: an axis per setting and result, a line per point.
import {element, isDark} from './dom.js';

const HEIGHT = 340;
const TOP = 30;
const BOTTOM = 24;

/** dimensions: [{name, levels: [{text, value}] or null for a result, value(row), text(row)}] */
export function parallel(rows, dimensions, colouredBy) {
  const places = dimensions.map((dimension) => placing(rows, dimension));
  const width = Math.max(900, dimensions.length * 110);
  const x = (i) => 60 + i * (width - 120) / Math.max(1, dimensions.length - 1);
  const y = (share) => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
  const limits = dimensions.map(() => [0, 1]);
  const status = element('p', {class: 'status', role: 'status'});
  const svg = element('svg', {viewBox: `0 0 ${width} ${HEIGHT}`, class: 'parallel', role: 'img', style: `min-width:${Math.min(width, dimensions.length * 110)}px`,
    'aria-label': `Parallel coordinates of ${rows.length} points over ${dimensions.map((one) => one.name).join(', ')}`});
  const by = places[dimensions.findIndex((one) => one.name === colouredBy)];
  const threads = rows.map((row) => {
    const points = dimensions.map((_, i) => `${x(i).toFixed(1)},${y(places[i].share(row)).toFixed(1)}`).join(' ');
    const hue = 210 - 180 * by.share(row);  // blue is the least
    return element('polyline', {class: 'thread', points, style: `stroke:hsl(${hue} 70% ${isDark() ? 60 : 42}%)`});
  });
  svg.append(...threads);
  const brushes = dimensions.map((dimension, i) => axis(svg, dimension, places[i], x(i), y, (low, high) => {
    limits[i] = [low, high];
    brushes[i].fields.forEach((field, end) => { field.value = shown(places[i].at(limits[i][end])); });
    update();
  }));
  const update = () => {
    let left = 0;
    rows.forEach((row, at) => {
      const inside = limits.every(([low, high], i) => places[i].share(row) >= low - 1e-9 && places[i].share(row) <= high + 1e-9);
      threads[at].classList.toggle('off', !inside);
      left += inside ? 1 : 0;
    });
    brushes.forEach((brush, i) => brush.show(...limits[i]));
    status.textContent = `${left} of ${rows.length} points`;
  };
  dimensions.forEach((dimension, i) => brushes[i].fields.forEach((field, end) => field.addEventListener('change', () => {
    const value = Number(field.value);
    limits[i][end] = field.value === '' || Number.isNaN(value) ? end : places[i].shareOf(value);
    update();
  })));
  update();
  const fields = element('div', {class: 'choices', role: 'group', 'aria-label': 'Ranges'}, ...dimensions.map((dimension, i) =>
      element('fieldset', {}, element('legend', {}, dimension.name), ...brushes[i].fields)));
  return element('div', {}, element('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Parallel coordinates'}, svg), fields, status);
}

const shown = (value) => String(Number(value.toPrecision(5)));

/** Where a row lies on an axis, 0 to 1. Texts and single numbers lie at equal distances. */
function placing(rows, dimension) {
  const numbers = rows.map(dimension.value).filter((value) => typeof value === 'number');
  if (dimension.levels && (numbers.length < rows.length || dimension.levels.length < 2)) {
    const of = new Map(dimension.levels.map((level, i) => [level.text, i / Math.max(1, dimension.levels.length - 1)]));
    return {share: (row) => of.get(dimension.text(row)), shareOf: (value) => value, at: (share) => share,
            low: dimension.levels[0]?.text ?? '', high: dimension.levels[dimension.levels.length - 1]?.text ?? ''};
  }
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const shareOf = (value) => high > low ? (value - low) / (high - low) : 0.5;
  const textAt = (value) => dimension.levels?.find((level) => level.value === value)?.text ?? shown(value);
  return {share: (row) => shareOf(dimension.value(row)), shareOf, at: (share) => low + share * (high - low), low: textAt(low), high: textAt(high)};
}

function axis(svg, dimension, place, x, y, change) {
  const range = element('rect', {x: x - 6, width: 12, class: 'range', fill: 'currentColor', 'fill-opacity': 0.12});
  svg.append(element('line', {class: 'axis', x1: x, x2: x, y1: y(0), y2: y(1)}), range,
             element('text', {x, y: 12, 'text-anchor': 'middle'}, dimension.name.length > 16 ? `…${dimension.name.slice(-15)}` : dimension.name),
             element('text', {x, y: 26, 'text-anchor': 'middle'}, place.high),
             element('text', {x, y: HEIGHT - 6, 'text-anchor': 'middle'}, place.low));
  const field = (which) => element('input', {type: 'text', inputmode: 'decimal', size: 8, 'aria-label': `${which} ${dimension.name}`, placeholder: which});
  const grip = element('rect', {x: x - 14, y: y(1), width: 28, height: y(0) - y(1), fill: 'transparent', style: 'cursor:row-resize'});
  grip.addEventListener('pointerdown', (event) => {
    const box = svg.getBoundingClientRect();
    const share = (at) => Math.min(1, Math.max(0, (y(0) - (at.clientY - box.top) * HEIGHT / box.height) / (y(0) - y(1))));
    const from = share(event);
    const move = (at) => change(Math.min(from, share(at)), Math.max(from, share(at)));
    const up = (at) => {
      if (Math.abs(share(at) - from) < 0.02) {
        change(0, 1);  // a click takes the range away
      }
      grip.removeEventListener('pointermove', move);
      grip.removeEventListener('pointerup', up);
    };
    grip.setPointerCapture(event.pointerId);
    grip.addEventListener('pointermove', move);
    grip.addEventListener('pointerup', up);
  });
  svg.append(grip);
  return {
    fields: [field('from'), field('to')],
    show: (low, high) => {
      range.setAttribute('y', y(high));
      range.setAttribute('height', Math.max(1, y(low) - y(high)));
    },
  };
}
