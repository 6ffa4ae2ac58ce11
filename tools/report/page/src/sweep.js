// SPDX-License-Identifier: Apache-2.0
// The page of a sweep: lines, heat map, parallel coordinates, Pareto front, and the table that all of it is made of.
import {lines} from './charts.js';
import {element, onTheme, section, siText} from './dom.js';
import {parallel} from './parallel.js';
import {paretoChart, paretoFront} from './pareto.js';
import {plainTable, scrollableHeat, sortedTable} from './table.js';

const AGGREGATES = {
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  least: (values) => Math.min(...values),
  most: (values) => Math.max(...values),
};

export const short = (value) => value === null || value === undefined ? '' :
  Math.abs(value) >= 1e6 ? siText(value, '').replace(/\.?0* /, ' ') :
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(3) : String(Number(value.toPrecision(5)));

export function sweepPage(report) {
  const sweep = new Sweep(report);
  return [overview(sweep), lineSection(sweep), heatSection(sweep), parallelSection(sweep), paretoSection(sweep),
          tableSection(sweep), failures(report)].filter(Boolean);
}

/** What the sections ask the document. Rows are the points that are done. */
class Sweep {
  constructor(report) {
    this.report = report;
    this.axes = report.axes;
    this.metrics = Object.keys(report.results);
    this.main = ['time', ...report.columns].filter((name) => this.metrics.includes(name));
    this.rows = report.points.map((point, index) => ({point, index})).filter(({point}) => point.state === 'done');
  }
  metric(row, name) {
    return this.report.results[name][row.index];
  }
  setting(row, axis) {
    return row.point.settings[axis];
  }
  text(row, axis) {
    return row.point.texts[axis];
  }
  /** Different values of an axis in their order, as {value, text}. */
  levels(axis) {
    const found = new Map(this.rows.map((row) => [this.text(row, axis), this.setting(row, axis)]));
    return [...found].map(([text, value]) => ({text, value})).sort((a, b) =>
        typeof a.value === 'number' && typeof b.value === 'number' ? a.value - b.value : 0);
  }
  varying() {
    const axes = this.axes.filter((axis) => this.levels(axis).length > 1);
    return axes.length ? axes : this.axes;
  }
}

function select(name, options, chosen, change) {
  const node = element('select', {onchange: () => change()}, ...options.map((option) =>
      element('option', {value: option, selected: option === chosen}, option)));
  return {label: element('label', {}, `${name} `, node), get value() { return node.value; }};
}

function choices(label, ...selects) {
  return element('div', {class: 'choices', role: 'group', 'aria-label': label}, ...selects.map((one) => one.label));
}

function overview(sweep) {
  const best = (name, pick) => sweep.rows.reduce((found, row) => {
    const value = sweep.metric(row, name);
    return value !== null && (!found || pick(value, sweep.metric(found, name))) ? row : found;
  }, null);
  const describe = (row) => sweep.axes.map((axis) => `${axis}=${sweep.text(row, axis)}`).join(', ');
  const rows = sweep.main.flatMap((name) => {
    const least = best(name, (a, b) => a < b);
    const most = best(name, (a, b) => a > b);
    return least ? [[`least ${name}`, short(sweep.metric(least, name)), describe(least)],
                    [`most ${name}`, short(sweep.metric(most, name)), describe(most)]] : [];
  });
  const states = (state) => sweep.report.points.filter((point) => point.state === state).length;
  return section('overview', 'Overview',
      element('p', {}, `${states('done')} points done, ${states('failed')} failed, ${states('waiting')} waiting. Times are ns per request.`),
      rows.length ? plainTable('Best and worst points', ['Result', 'Value', 'Point'], rows) : null);
}

function lineSection(sweep) {
  const axes = sweep.varying();
  const holder = element('div');
  const x = select('Over', axes, axes.find((axis) => typeof sweep.levels(axis)[0]?.value === 'number'), () => draw());
  const y = select('Result', sweep.metrics, sweep.main[0], () => draw());
  const by = select('One line per', ['(none)', ...axes], axes.find((axis) => axis !== x.value) ?? '(none)', () => draw());
  const how = select('Of the others the', Object.keys(AGGREGATES), 'mean', () => draw());
  const draw = () => {
    const levels = sweep.levels(x.value);
    const numeric = levels.every((level) => typeof level.value === 'number');
    const xs = levels.map((level, i) => numeric ? level.value : i);
    const groups = by.value === '(none)' || by.value === x.value ? [null] : sweep.levels(by.value);
    const series = groups.map((group, place) => ({
      place,
      name: group ? `${by.value}=${group.text}` : y.value,
      values: levels.map((level) => aggregate(sweep, y.value, how.value, (row) => sweep.text(row, x.value) === level.text &&
          (!group || sweep.text(row, by.value) === group.text))),
    }));
    const textOf = (value) => {
      const level = levels[xs.indexOf(value)];
      return level ? level.text : numeric ? short(value) : '';
    };
    const label = `${how.value} ${y.value} over ${x.value}`;
    holder.replaceChildren(lines({label, xName: x.value, xText: textOf, yText: short, x: xs, series, height: 300, points: true}).node,
        plainTable(label, [x.value, ...series.map((one) => one.name)],
                   levels.map((level, i) => [level.text, ...series.map((one) => short(one.values[i]))])));
  };
  draw();
  return section('lines', 'Lines', choices('Lines', x, y, by, how), holder);
}

function aggregate(sweep, name, how, wanted) {
  const values = sweep.rows.filter(wanted).map((row) => sweep.metric(row, name)).filter((value) => value !== null);
  return values.length ? AGGREGATES[how](values) : null;
}

function heatSection(sweep) {
  const axes = sweep.varying();
  if (axes.length < 2) {
    return null;
  }
  const holder = element('div');
  const across = select('Across', axes, axes[0], () => draw());
  const down = select('Down', axes, axes[1], () => draw());
  const of = select('Result', sweep.metrics, sweep.main[0], () => draw());
  const how = select('Of the others the', Object.keys(AGGREGATES), 'mean', () => draw());
  const draw = () => {
    const columns = sweep.levels(across.value);
    const rows = sweep.levels(down.value);
    const cells = rows.map((row) => columns.map((column) => aggregate(sweep, of.value, how.value, (one) =>
      sweep.text(one, across.value) === column.text && sweep.text(one, down.value) === row.text)));
    const label = `${how.value} ${of.value}: ${across.value} across, ${down.value} down`;
    holder.replaceChildren(scrollableHeat(label, down.value, columns.map((c) => c.text), rows.map((r) => r.text), cells, short));
  };
  onTheme(draw);
  return section('heat', 'Heat map', choices('Heat map', across, down, of, how), holder);
}

function parallelSection(sweep) {
  const holder = element('div');
  const of = select('Coloured by', sweep.metrics, sweep.main[0], () => draw());
  const draw = () => {
    const names = [...sweep.varying(), ...new Set([...sweep.main, of.value])];
    const dimensions = names.map((name) => sweep.axes.includes(name) ?
        {name, levels: sweep.levels(name), value: (row) => sweep.setting(row, name), text: (row) => sweep.text(row, name)} :
        {name, levels: null, value: (row) => sweep.metric(row, name), text: (row) => short(sweep.metric(row, name))});
    holder.replaceChildren(parallel(sweep.rows, dimensions, of.value));
  };
  onTheme(draw);
  return section('parallel', 'Parallel coordinates', choices('Parallel coordinates', of),
      element('p', {class: 'help'}, 'One line per point. The fields under an axis keep only points between the two values; drag along an axis to set them.'), holder);
}

function paretoSection(sweep) {
  const metrics = sweep.metrics;
  const second = sweep.main[1] ?? metrics.find((name) => name !== sweep.main[0]);
  if (!second) {
    return null;
  }
  const holder = element('div');
  const x = select('Across', metrics, sweep.main[0], () => draw());
  const y = select('Up', metrics, second, () => draw());
  const goalX = select('Across, better is', ['smaller', 'larger'], 'smaller', () => draw());
  const goalY = select('Up, better is', ['smaller', 'larger'], 'smaller', () => draw());
  const draw = () => {
    const points = sweep.rows.map((row) => ({row, x: sweep.metric(row, x.value), y: sweep.metric(row, y.value)}))
        .filter((point) => point.x !== null && point.y !== null);
    const front = paretoFront(points, goalX.value === 'smaller' ? 1 : -1, goalY.value === 'smaller' ? 1 : -1);
    const describe = (point) => `point ${point.row.point.id}: ${x.value} ${short(point.x)}, ${y.value} ${short(point.y)}, ` +
        sweep.axes.map((axis) => `${axis}=${sweep.text(point.row, axis)}`).join(', ');
    holder.replaceChildren(paretoChart(points, front, x.value, y.value, describe, short),
        plainTable(`Points that no other beats in both, ${front.length} of ${points.length}`, ['Point', x.value, y.value, ...sweep.axes],
            front.map((point) => [String(point.row.point.id), short(point.x), short(point.y), ...sweep.axes.map((axis) => sweep.text(point.row, axis))])));
  };
  draw();
  return section('pareto', 'Pareto front', choices('Pareto front', x, goalX, y, goalY), holder);
}

function tableSection(sweep) {
  const holder = element('div');
  const more = select('Add a column', ['(none)', ...sweep.metrics.filter((name) => !sweep.main.includes(name))], '(none)', () => draw());
  const draw = () => {
    const names = [...sweep.main, ...(more.value === '(none)' ? [] : [more.value])];
    holder.replaceChildren(sortedTable({
      label: 'Points', rows: sweep.rows, filter: true, sort: 'point', columns: [
        {name: 'point', number: true, value: (row) => row.point.id, text: (row) => String(row.point.id)},
        ...sweep.axes.map((axis) => ({
          name: axis, number: typeof sweep.rows[0]?.point.settings[axis] === 'number', base: true,
          value: (row) => sweep.setting(row, axis), text: (row) => sweep.text(row, axis),
        })),
        ...names.map((name) => ({name, number: true, base: true, value: (row) => sweep.metric(row, name) ?? NaN, text: (row) => short(sweep.metric(row, name))})),
      ],
    }));
  };
  draw();
  return section('points', 'Points', choices('Points', more), holder);
}

function failures(report) {
  const failed = report.points.filter((point) => point.state === 'failed');
  return failed.length ? section('failed', 'Failed points', plainTable('What went wrong', ['Point', 'Settings', 'Error'],
      failed.map((point) => [String(point.id), Object.entries(point.texts).map(([axis, text]) => `${axis}=${text}`).join(', '), point.error ?? '']))) : null;
}

