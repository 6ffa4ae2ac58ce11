// SPDX-License-Identifier: Apache-2.0
// The page of one run, in the order of the profiler's summary page.
import {bars, lines, roofline, stack} from './charts.js';
import {element, percentText, section, siText, timeText} from './dom.js';
import {gantt} from './gantt.js';
import {plainTable, sortedTable} from './table.js';
import {covered} from './timeline.js';

const ENGINES = ['tensor', 'vector', 'scalar', 'gpsimd', 'sync'];

export function runPage(report, timeline) {
  const view = timeline.rows.length ? timelineParts(timeline) : null;
  return [
    metrics(report), insights(report, view), criticalPath(report, view), engines(report), dma(report), bandwidth(report), operators(report, view),
    view ? section('timeline', 'Timeline', view.gantt.node, view.rates.node) :
           section('timeline', 'Timeline', element('p', {}, 'The run left no traces (--no-trace).')),
    idle(report), requests(report), configuration(report), ...findings(report),
  ].filter(Boolean);
}

function metrics({summary, metadata}) {
  const cards = [
    ['Total time', timeText(summary.total_time)],
    ['Time per request', timeText(summary.time_per_request_ns), `${summary.executions} request${summary.executions === 1 ? '' : 's'}`],
    ['Throughput', `${summary.throughput_per_second.toFixed(1)} /s`],
    ['Arithmetic intensity', `${summary.arithmetic_intensity.toFixed(1)} FLOP/B`, `ridge at ${summary.ridge_arithmetic_intensity.toFixed(1)}`],
    ['HFU', percentText(summary.hfu_estimated_percent), `${siText(summary.flops_per_second, 'FLOP/s')} of ${siText(summary.peak_flops_per_second, 'FLOP/s')}`],
    ['MBU', percentText(summary.mbu_estimated_percent)],
    ['Mean DMA descriptor', `${summary.dma_transfer_average_bytes.toFixed(0)} B`],
  ];
  return section('metrics', 'Metrics',
      element('dl', {class: 'cards'}, ...cards.map(([name, value, note]) => element('div', {},
          element('dt', {}, name), element('dd', {}, value, note ? element('small', {}, note) : null)))),
      element('p', {class: 'verdict'}, element('strong', {}, 'Bound by '), summary.bound_by),
      element('p', {}, element('strong', {}, 'Look at '), summary.advice),
      element('p', {class: 'help'}, `Simulated (${metadata.simulator}): ${metadata.instance}, ${metadata.logical_cores} logical cores, ` +
          `LNC ${metadata.lnc}, clock ${metadata.clock}, numerics ${metadata.numerics ? 'on' : 'off'}.`));
}

/** What is usually wrong; a button shows the place in the timeline. */
function insights({findings: found}, view) {
  return found.length ? section('findings', 'Findings', element('ul', {class: 'findings'}, ...found.map((one) => element('li', {},
      one.text, ' ', one.to_ps > 0 && view ? element('button', {type: 'button', onclick: () => view.gantt.view.show(one.track, one.from_ps, one.to_ps)},
                                                   `Show on ${one.track}`) : `(${one.track})`)))) : null;
}

function criticalPath({critical_path: path}, view) {
  if (!path) {
    return null;
  }
  return section('path', 'Critical path', sortedTable({
    label: `What the last request of ${path.unit} waited for, from doorbell to interrupt: ${timeText(path.time_ns)}`,
    name: 'critical path', rows: path.rows, sort: 'share %', descending: true, first: 12,
    onRow: view ? (row) => view.gantt.view.show(row.where, row.from_ps, row.to_ps) : undefined, columns: [
      {name: 'what', value: (row) => row.what, text: (row) => row.what},
      {name: 'share %', number: true, value: (row) => 100 * row.time_ns / path.time_ns, text: (row) => (100 * row.time_ns / path.time_ns).toFixed(1)},
      {name: 'time us', number: true, value: (row) => row.time_ns / 1000, text: (row) => (row.time_ns / 1000).toFixed(3)},
      {name: 'times', number: true, value: (row) => row.times, text: (row) => String(row.times)},
      {name: 'where', value: (row) => row.where, text: (row) => row.where},
      {name: 'waiting for', value: (row) => row.waiting_for, text: (row) => row.waiting_for},
    ],
  }));
}

function engines({engines}) {
  return section('engines', 'Engine utilisation', bars('Busy, percent of the time of the cores that ran',
      ENGINES.filter((name) => engines[name]).map((name) => ({
        name, percent: engines[name].busy_percent,
        text: `${engines[name].instructions} instructions, active ${percentText(engines[name].active_percent)}`,
      }))));
}

function dma({dma, summary}) {
  const queues = Object.entries(dma.queues);
  const cores = [...new Set(dma.engines.map((engine) => engine.name.replace(/\.dma\..*/, '')))];
  return section('dma', 'DMA utilisation',
      element('p', {}, `${percentText(summary.dma_active_time_percent)} of the engines' time; ${siText(summary.dma_transfer_total_bytes, 'B')} moved.`),
      cores.length > 4 ? engineTable(dma.engines) : element('div', {class: 'columns'}, ...cores.map((core) => bars(`Busy by DMA engine, ${core}`,
          dma.engines.filter((engine) => engine.name.startsWith(`${core}.`)).map((engine) => ({
            name: engine.name.replace(`${core}.dma.`, ''), percent: engine.busy_percent, text: siText(engine.bytes, 'B'),
          }))))),
      queues.length ? plainTable('DMA queues', ['Queue', 'Transfers', 'Bytes', 'Mean latency'], queues.map(([name, queue]) =>
          [name, String(queue.transfers), siText(queue.bytes, 'B'), timeText(queue.transfers ? queue.latency_ns / queue.transfers : 0)])) : null);
}

function engineTable(engines) {
  return sortedTable({
    label: 'DMA engines', rows: engines, sort: 'busy %', descending: true, columns: [
      {name: 'engine', value: (row) => row.name, text: (row) => row.name},
      {name: 'busy %', number: true, value: (row) => row.busy_percent, text: (row) => row.busy_percent.toFixed(1)},
      {name: 'MB', number: true, value: (row) => row.bytes / 1e6, text: (row) => (row.bytes / 1e6).toFixed(3)},
    ],
  });
}

function bandwidth({bandwidth: of}) {
  if (!of.peak_bytes) {
    return null;
  }
  const part = (name, value, paint) => ({name, value, colour: paint, text: `${siText(value, 'B')}, ${percentText(100 * value / of.peak_bytes)}`});
  return section('bandwidth', 'HBM bandwidth', stack('What the HBM stacks could have moved while programs ran', [
    part('read', of.read_bytes, 'read'), part('written', of.write_bytes - of.spill_save_bytes, 'written'),
    part('spilled', of.spill_save_bytes, 'spilled'), part('unused', of.unused_bytes, 'unused'),
  ], of.peak_bytes));
}

function operators({roofline: of, summary}, view) {
  const label = (one) => one.name || '(no operator)';
  const note = (one) => `${one.time_ns === undefined ? 'no trace' : timeText(one.time_ns)}, ${siText(one.matmul_flops, 'FLOP')}, ` +
      `${siText(one.hbm_read_bytes + one.hbm_write_bytes, 'B')} of HBM, ${one.arithmetic_intensity.toFixed(1)} FLOP/B` +
      (one.flops_per_second === undefined ? '' : `, ${siText(one.flops_per_second, 'FLOP/s')}`);
  const chosen = element('p', {class: 'details', role: 'status'});
  const points = [
    ...of.operators.map((one) => ({name: label(one), weight: one.time_ns ?? 0, note: note(one), ...placeOf(one)})),
    wholeRun(of.operators, summary),
  ];
  const number = (name, value, text) => ({name, number: true, value, text: (row) => text(value(row))});
  return section('roofline', 'Roofline',
      of.peak_bytes_per_second ? roofline({
        peakFlops: of.peak_flops_per_second, peakBytes: of.peak_bytes_per_second, points,
        onPoint: (point) => { chosen.textContent = `${point.name}: ${point.note}`; },
      }) : null, chosen,
      element('p', {class: 'help'}, 'Every operator is one point; hollow ones have no matrix products and lie where their elementwise operations put them. ' +
          'On the right edge: no HBM traffic; on the lower edge: no operations, or no trace. The large point is the whole run.'),
      sortedTable({
        label: 'Operators', rows: of.operators, sort: 'time us', descending: true,
        onRow: view ? (row) => view.gantt.view.search(row.name) : undefined,
        columns: [
          {name: 'name', value: label, text: label},
          number('time us', (row) => (row.time_ns ?? NaN) / 1000, (value) => Number.isNaN(value) ? '' : value.toFixed(3)),
          number('GFLOP', (row) => row.matmul_flops / 1e9, (value) => value.toFixed(3)),
          number('elementwise Gop', (row) => row.elementwise_ops / 1e9, (value) => value.toFixed(3)),
          number('HBM MB', (row) => (row.hbm_read_bytes + row.hbm_write_bytes) / 1e6, (value) => value.toFixed(2)),
          number('FLOP/B', (row) => row.arithmetic_intensity, (value) => value.toFixed(1)),
          number('TFLOP/s', (row) => (row.flops_per_second ?? 0) / 1e12, (value) => value.toFixed(3)),
          number('instructions', (row) => row.instructions, (value) => String(value)),
        ],
      }));
}

/** As operators: by its elementwise operations when it has no products of matrices. */
function wholeRun(all, summary) {
  const sum = (field) => all.reduce((total, one) => total + one[field], 0);
  const products = summary.flops_per_second > 0;
  const bytes = sum('hbm_read_bytes') + sum('hbm_write_bytes');
  const seconds = summary.time_per_request_ns * summary.executions * 1e-9;
  const intensity = products ? summary.arithmetic_intensity : bytes > 0 ? sum('elementwise_ops') / bytes : Infinity;
  const rate = products ? summary.flops_per_second : seconds > 0 ? sum('elementwise_ops') / seconds : 0;
  const unit = products ? 'FLOP' : 'elementwise operations';
  return {name: 'Whole run', intensity, rate, whole: true, weight: Infinity,
          note: `${siText(rate, `${unit}/s`)}, ${intensity.toFixed(1)} ${products ? 'FLOP/B' : 'for each byte'}`};
}

/** Where an operator lies: by its products of matrices, or, hollow, by its elementwise operations when it has none. */
function placeOf(one) {
  const hollow = !(one.matmul_flops > 0);
  const work = hollow ? one.elementwise_ops : one.matmul_flops;
  const bytes = one.hbm_read_bytes + one.hbm_write_bytes;
  return {hollow, intensity: bytes > 0 ? work / bytes : Infinity, rate: one.time_ns > 0 ? work / (one.time_ns * 1e-9) : 0};
}

const SAMPLES = 400;

function timelineParts(timeline) {
  const engines = timeline.rows.filter((row) => row.kind === 'engine');
  const dmas = timeline.rows.filter((row) => row.kind === 'dma');
  const names = [...new Set(engines.map((row) => row.name.replace(/\(.*\)/, '')))];
  const sample = (from, to) => {
    const step = (to - from) / SAMPLES;
    const at = Array.from({length: SAMPLES}, (_, i) => from + i * step);
    const share = (rows) => at.map((time) => 100 * rows.reduce((sum, row) => sum + covered(row, time, time + step), 0) / (step * Math.max(rows.length, 1)));
    return [at.map((time) => (time + step / 2) / 1e6), ...names.map((name) => share(engines.filter((row) => row.name.includes(name)))), share(dmas)];
  };
  const first = sample(timeline.begin, timeline.end);
  const rates = lines({
    label: 'How busy engines and DMA are in the time shown, percent', xName: 'us', xText: (value) => value.toFixed(3).replace(/\.?0+$/, ''),
    yText: (value) => `${value.toFixed(0)} %`, x: first[0],
    series: [...names, 'DMA engines'].map((name, i) => ({name, values: first[i + 1]})),
  });
  let pending = 0;
  const view = gantt(timeline, (from, to) => {
    clearTimeout(pending);
    pending = setTimeout(() => rates.update(sample(from, to)), 60);
  });
  return {gantt: view, rates};
}

function idle({engines}) {
  const rows = ENGINES.filter((name) => engines[name]);
  const causes = [...new Set(rows.flatMap((name) => Object.keys(engines[name].idle_percent)))].sort();
  const shown = causes.filter((cause) => rows.some((name) => engines[name].idle_percent[cause] > 0));
  return section('idle', 'Idle time by cause',
      ...rows.map((name) => stack(`${name}`, [
        {name: 'busy', value: engines[name].busy_percent, colour: 'busy', text: percentText(engines[name].busy_percent)},
        ...shown.map((cause) => ({name: cause, value: engines[name].idle_percent[cause], text: percentText(engines[name].idle_percent[cause])})),
      ], 100)),
      plainTable('Percent of the time of the cores that ran', ['Engine', 'busy', ...shown], rows.map((name) =>
          [name, engines[name].busy_percent.toFixed(1), ...shown.map((cause) => engines[name].idle_percent[cause].toFixed(1))])));
}

const MOST_LINES = 8;

function requests({units: summaries, requests}) {
  const completed = requests.filter((request) => request.unit.includes('.compute.'));
  const units = [...new Set(completed.map((request) => request.unit))];
  const names = units.slice(0, MOST_LINES);
  const numbers = [...new Set(completed.map((request) => request.sequence))].sort((a, b) => a - b);
  const latency = (unit) => {
    const of = new Map(completed.filter((request) => request.unit === unit).map((request) =>
        [request.sequence, (request.completed_ps - request.submitted_ps) / 1e6]));
    return numbers.map((number) => of.get(number) ?? null);
  };
  const failed = requests.filter((request) => request.status !== 0);
  return section('requests', 'Requests',
      plainTable('Latency from submission to completion', ['Unit', 'Requests', 'Failed', 'p50', 'p90', 'p99', 'Mean on device', 'Gaps'],
          Object.entries(summaries).map(([name, unit]) => [name, String(unit.requests), String(unit.failed), timeText(unit.latency_ns.p50),
            timeText(unit.latency_ns.p90), timeText(unit.latency_ns.p99), timeText(unit.mean_time_ns), timeText(unit.gap_ns)])),
      numbers.length > 1 ? lines({label: `Latency by request, us${units.length > names.length ? `, the first ${names.length} of ${units.length} units` : ''}`, xName: 'request', whole: true, yText: (value) => `${value}`, x: numbers,
        points: numbers.length < 100, series: names.map((name) => ({name, values: latency(name)}))}).node : null,
      failed.length ? plainTable('Failed requests', ['Unit', 'Sequence', 'Status'],
          failed.slice(0, 50).map((request) => [request.unit, String(request.sequence), request.error])) : null);
}

function configuration({configuration: of}) {
  if (!of.product) {
    return section('configuration', 'Configuration', element('p', {}, 'No shipped configuration is of this instance.'));
  }
  const rows = of.differences;
  return section('configuration', 'Configuration', rows.length ?
      sortedTable({label: `What differs from ${of.product}`, rows, columns: ['path', 'run', 'product', 'source'].map((name) =>
          ({name, value: (row) => row[name], text: (row) => row[name]}))}) :
      element('p', {}, `Everything is as in ${of.product}.`));
}

function findings({client_checks: checks}) {
  return checks.enabled ? [section('checks', 'Findings of the checking mode', checks.findings.length ?
      element('ul', {}, ...checks.findings.map((finding) => element('li', {}, `${finding.bug}: ${finding.text}`))) :
      element('p', {}, 'None.'))] : [];
}
