// SPDX-License-Identifier: Apache-2.0
// The page of a sweep.
import {element, section} from './dom.js';

export function sweepPage(report) {
  return [section('points', 'Points', element('p', {}, String(report.points.length)))];
}
