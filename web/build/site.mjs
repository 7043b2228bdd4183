// A Vite plugin: puts Pyodide's files, our wheels and the examples beside the page, in the build and in the dev server.
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lockFile, pyodidePackage, root, wheels } from './paths.mjs';
import { contentSecurityPolicy } from './policy.mjs';

const examples = resolve(root, 'examples');
const types = {
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.zip': 'application/zip',
  '.whl': 'application/zip',
};

/** What each example is, from its docstring: first line, first paragraph, "Try:" list, "Expect:". */
export function describeExample(file, source) {
  const docstring = source.match(/^"""([\s\S]*?)"""/)?.[1] ?? '';
  const paragraphs = docstring.split(/\n\s*\n/).map((part) => part.trim());
  const [title = file, ...rest] = paragraphs;
  const list = rest.find((part) => part.startsWith('Try:')) ?? '';
  const expect = rest.find((part) => part.startsWith('Expect:')) ?? '';
  const unwrap = (text) => text.replace(/\s*\n\s*/g, ' ').trim();
  return {
    file,
    title: unwrap(title).replace(/\.$/, ''),
    goal: unwrap(rest.filter((part) => part !== list && part !== expect).join(' ')),
    tries: list.split(/\n- /).slice(1).map(unwrap),
    expect: unwrap(expect.replace(/^Expect:/, '')),
  };
}

/** The examples in the order of their table of contents. */
export function listedExamples(readme) {
  return [...readme.matchAll(/^\| \[`(\w+\.py)`\]/gm)].map(([, name]) => name);
}

/** Every file of the site that Vite does not know of: path in the site → path on disk, or its contents. */
function siteFiles() {
  const files = new Map();
  for (const name of ['pyodide.asm.mjs', 'pyodide.asm.wasm', 'python_stdlib.zip']) {
    files.set(`pyodide/${name}`, { path: join(pyodidePackage, name) });
  }
  files.set('pyodide/pyodide-lock.json', { path: lockFile });
  for (const name of readdirSync(wheels).filter((name) => name.endsWith('.whl'))) {
    files.set(`pyodide/${name}`, { path: join(wheels, name) });
  }
  const scripts = listedExamples(readFileSync(join(examples, 'README.md'), 'utf8'));
  for (const name of scripts) files.set(`examples/${name}`, { path: join(examples, name) });
  // Only what a script opens: a data folder may also hold what made the data, and its licence.
  const sources = scripts.map((name) => readFileSync(join(examples, name), 'utf8')).join('\n');
  const data = existsSync(join(examples, 'data')) ? readdirSync(join(examples, 'data')).sort() : [];
  for (const name of data) {
    if (sources.includes(`"${name}"`) || name === 'README.md') {
      files.set(`examples/data/${name}`, { path: join(examples, 'data', name) });
    }
  }
  const manifest = {
    examples: scripts.map((name) => describeExample(name, readFileSync(join(examples, name), 'utf8'))),
    data: [...files.keys()].filter((name) => name.startsWith('examples/data/')).map((name) => name.slice(9)),
  };
  files.set('examples/manifest.json', { contents: JSON.stringify(manifest) });
  return files;
}

export function site() {
  let building = false;
  return {
    name: 'flambeau-site',
    configResolved(config) {
      building = config.command === 'build';
    },
    transformIndexHtml() {
      // Not in the dev server, which talks to the page through inline scripts and a socket.
      if (!building) return [];
      return [
        {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy },
          injectTo: 'head-prepend',
        },
      ];
    },
    generateBundle() {
      for (const [fileName, file] of siteFiles()) {
        this.emitFile({ type: 'asset', fileName, source: file.contents ?? readFileSync(file.path) });
      }
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const name = new URL(request.url, 'http://localhost').pathname.slice(1);
        const file = siteFiles().get(name);
        if (!file || name.includes('?')) return next();
        const extension = name.slice(name.lastIndexOf('.'));
        response.setHeader('Content-Type', types[extension] ?? 'text/plain');
        if (file.contents !== undefined) response.end(file.contents);
        else createReadStream(file.path).pipe(response);
      });
    },
  };
}
