// SPDX-License-Identifier: Apache-2.0
// npm run build: bundle.js and bundle.css. The script ends with a digest of all it was made of, so that a test
// without npm can tell whether it is that of the sources (tests/browser/bundle_test.py).
import {createHash} from 'node:crypto';
import {readFileSync, readdirSync} from 'node:fs';
import {build} from 'esbuild';

const files = [...readdirSync('src').map((name) => `src/${name}`), 'build.mjs', 'package.json', 'package-lock.json'].sort();
const digest = createHash('sha256');
for (const file of files) {
  digest.update(`${file}\n`).update(readFileSync(file));
}
await build({
  entryPoints: ['src/main.js'], outfile: 'bundle.js', bundle: true, minify: true, format: 'iife', legalComments: 'inline',
  target: ['chrome100', 'firefox115', 'safari16.4'], footer: {js: `// sources: ${digest.digest('hex')}`},
});
