// Makes Python's memory image in a headless Chromium, from the built site, and puts it into the site.
// Never in Node: the image would remember that WebAssembly cannot wait there. Where no Chromium is found the page boots plainly.
import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  createReadStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, extname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';
import { dist } from './paths.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};
const PATIENCE = 180_000;

const megabytes = (bytes) => `${(bytes.length / 2 ** 20).toFixed(1)} MiB`;

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const onPath = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...onPath, ...PLACES].find(executable);
}

/** Serves the site, and takes what its snapshot page puts back. */
function serve(received) {
  const server = createServer((request, response) => {
    if (request.method === 'PUT') {
      const parts = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        response.end();
        received(request.url, Buffer.concat(parts));
      });
      return;
    }
    const path = join(dist, normalize(new URL(request.url, 'http://localhost').pathname));
    if (!path.startsWith(dist) || !existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' });
    createReadStream(path).pipe(response);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** The page that makes the image, and its script, are of no use to a visitor. */
function removeMaker() {
  rmSync(join(dist, 'snapshot.html'), { force: true });
  for (const name of readdirSync(join(dist, 'assets'))) {
    if (/^snapshot-.*\.js$/.test(name)) rmSync(join(dist, 'assets', name));
  }
}

async function makeImage(chromium) {
  let settle;
  const outcome = new Promise((resolve, reject) => {
    settle = (url, body) => (url === '/snapshot' ? resolve(body) : reject(new Error(body.toString())));
    setTimeout(() => reject(new Error(`no memory image after ${PATIENCE / 1000} s`)), PATIENCE).unref();
  });
  const server = await serve((url, body) => settle(url, body));
  const profile = mkdtempSync(join(tmpdir(), 'flambeau-chromium-'));
  const address = `http://127.0.0.1:${server.address().port}/snapshot.html`;
  // The sandbox needs user namespaces, which containers and root lack; the only page opened is our own.
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    `--user-data-dir=${profile}`,
  ];
  const browser = spawn(chromium, [...flags, address], { stdio: 'ignore' });
  const died = new Promise((_, reject) => {
    browser.on('error', reject);
    browser.on('exit', (code) => reject(new Error(`${chromium} ended with code ${code}`)));
  });
  try {
    return await Promise.race([outcome, died]);
  } finally {
    died.catch(() => {});
    const gone = new Promise((resolve) => browser.once('exit', resolve));
    browser.kill();
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 5000))]);
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

const chromium = findChromium();
if (chromium === undefined) {
  console.log('No Chromium found: the page will start Python without a memory image, some seconds slower.');
} else {
  try {
    const image = await makeImage(chromium);
    const packed = gzipSync(image, { level: 6 });
    writeFileSync(join(dist, 'pyodide', 'python.image'), packed);
    console.log(`Memory image: ${megabytes(image)}, packed ${megabytes(packed)}`);
  } catch (error) {
    console.log(`No memory image (${error.message}): the page will start Python some seconds slower.`);
  }
}
removeMaker();
process.exit(0);
