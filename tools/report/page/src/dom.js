// SPDX-License-Identifier: Apache-2.0
// Elements, and numbers as people read them.

export function element(tag, attributes = {}, ...children) {
  const node = document.createElementNS(
      SVG.has(tag) ? 'http://www.w3.org/2000/svg' : 'http://www.w3.org/1999/xhtml', tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) {
      node.addEventListener(name.slice(2), value);
    } else if (value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? '' : value);
    }
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const SVG = new Set(['svg', 'g', 'circle', 'line', 'path', 'rect', 'text', 'polyline', 'title']);

/** A section of the page with its heading; `id` is what the table of contents links to. */
export function section(id, heading, ...children) {
  return element('section', {id, 'aria-labelledby': `${id}-heading`},
                 element('h2', {id: `${id}-heading`}, heading), ...children);
}

/** What scrolls sideways on narrow screens can be reached and scrolled by keyboard. */
export function scrolling(label, ...children) {
  return element('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label}, ...children);
}

export function timeText(ns) {
  const size = Math.abs(ns);
  const unit = size >= 1e9 ? ['s', 1e-9] : size >= 1e6 ? ['ms', 1e-6] : size >= 1e3 ? ['us', 1e-3] : ['ns', 1];
  return `${(ns * unit[1]).toFixed(unit[0] === 'ns' ? 1 : 3)} ${unit[0]}`;
}

export function siText(value, unit) {
  for (const [prefix, factor] of [['P', 1e15], ['T', 1e12], ['G', 1e9], ['M', 1e6], ['k', 1e3]]) {
    if (Math.abs(value) >= factor) {
      return `${(value / factor).toPrecision(4)} ${prefix}${unit}`;
    }
  }
  return `${Number(value.toPrecision(4))} ${unit}`;
}

export const percentText = (value) => `${value.toFixed(1)} %`;

/** Calls `draw` now, and again whenever the colours change. */
export function onTheme(draw) {
  themed.add(draw);
  draw();
}
const themed = new Set();
export function themeChanged() {
  themed.forEach((draw) => draw());
}

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Hue and saturation of what stands beside each other most: engines and the causes of waiting for them.
const KNOWN = {
  tensor: [215, 65], vector: [88, 55], scalar: [282, 50], gpsimd: [330, 60], sync: [188, 70], dma: [25, 80], fetch: [48, 75],
  fetching: [48, 75], drained: [210, 8], peer: [120, 30], port: [0, 70], other: [250, 35], semaphore: [250, 35],
};

/** A colour of its own for each name, the same in every report: dark enough or light enough for the theme. */
export function colourOf(text) {
  const known = KNOWN[text.replace(/^waiting for |\(.*$| engines$/g, '').toLowerCase()];
  if (known) {
    return `hsl(${known[0]} ${known[1]}% ${isDark() ? 62 : 42}%)`;
  }
  let hash = 2166136261;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  }
  const hue = (hash >>> 0) % 360;
  return isDark() ? `hsl(${hue} 55% 60%)` : `hsl(${hue} 60% 42%)`;
}

/** Colours of lines beside each other. */
export const colourAt = (place) => `hsl(${(215 + 137.5 * place) % 360} 65% ${isDark() ? 62 : 42}%)`;

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}
