// SPDX-License-Identifier: Apache-2.0
// The packed timeline (packed_timeline.h says how): columns of typed arrays per row.

export async function unpack(head, base64) {
  const bytes = await inflate(fromBase64(base64));
  const read = reader(bytes);
  const rows = head.rows.map((row) => unpackRow(row, read));
  return {...head, rows};
}

function fromBase64(text) {
  if (Uint8Array.fromBase64) {
    return Uint8Array.fromBase64(text);
  }
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) {
    bytes[i] = binary.charCodeAt(i);
  }
  return bytes;
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Reads numbers of seven bits a byte, the lowest first. */
function reader(bytes) {
  let at = 0;
  const unsigned = () => {
    let byte = bytes[at++];
    if (byte < 128) {
      return byte;
    }
    let value = byte & 127;
    let factor = 128;
    do {
      byte = bytes[at++];
      value += (byte & 127) * factor;
      factor *= 128;
    } while (byte >= 128);
    return value;
  };
  return {
    unsigned,
    signed: () => {
      const value = unsigned();
      return value % 2 ? -(value + 1) / 2 : value / 2;
    },
  };
}

function unpackRow(row, read) {
  const {count} = row;
  const start = new Float64Array(count);
  const end = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    end[i] = read.unsigned();  // how long it is
  }
  let reached = 0;
  for (let i = 0; i < count; i++) {
    start[i] = reached + read.signed();
    reached = end[i] += start[i];
  }
  const column = (type, number = read.unsigned) => {
    const values = new type(count);
    for (let i = 0; i < count; i++) {
      values[i] = number();
    }
    return values;
  };
  const text = column(Uint32Array);
  const other = row.columns.includes('other') ? column(Float64Array, read.signed) : null;
  const label = row.columns.includes('label') ? column(Uint32Array) : null;
  const detail = row.columns.includes('detail') ? column(Float64Array) : null;
  // Time covered by the slices before each: how busy any span was is a difference of two of these.
  const covered = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) {
    covered[i + 1] = covered[i] + end[i] - start[i];
  }
  return {...row, start, end, text, other, label, detail, covered};
}

/** The first slice that ends after `at`. Slices of a row do not overlap. */
export function firstAfter(row, at) {
  let low = 0;
  let high = row.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (row.end[middle] > at) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/** The time that slices cover in [from, to). */
export function covered(row, from, to) {
  return before(row, to) - before(row, from);
}

function before(row, at) {
  const i = firstAfter(row, at);
  return row.covered[i] + (i < row.count ? Math.max(0, at - row.start[i]) : 0);
}
