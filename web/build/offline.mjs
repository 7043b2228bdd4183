// Last step of the build: writes the service worker, which knows the files of this version of the site.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { dist, root } from './paths.mjs';

const files = readdirSync(dist, { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && entry.name !== 'service-worker.js')
  .map((entry) => relative(dist, join(entry.parentPath, entry.name)).split(sep).join('/'))
  .sort();
const digest = createHash('sha256');
for (const file of files) digest.update(file).update(readFileSync(join(dist, file)));
const version = `flambeau-${digest.digest('hex').slice(0, 12)}`;
const worker = readFileSync(resolve(root, 'web/src/service-worker.js'), 'utf8')
  .replace('__VERSION__', version)
  .replace("['__FILES__']", JSON.stringify(['./', ...files]));
writeFileSync(join(dist, 'service-worker.js'), worker);
console.log(`Service worker: ${version}, ${files.length} files.`);
