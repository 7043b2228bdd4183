// Starts Python: from the memory image made at build time where there is one, else from nothing.
import { loadPyodide, type PyodideInterface } from 'pyodide';
import { DRIVER_PATH, writeDriver } from './files';
import type { Boot } from './messages';
import { unzip, type ZipEntry } from './unzip';

type Config = NonNullable<Parameters<typeof loadPyodide>[0]>;

/** Parts of Pyodide that its types leave out: memory images are not public yet, so the version is pinned. */
interface Images {
  _makeSnapshot?: boolean;
  _loadSnapshot?: Promise<ArrayBuffer>;
}

/** What is used of the settings that Pyodide hands to Emscripten. */
interface Settings {
  preRun: ((module: { growMemory(bytes: number): void }) => void)[];
}

/** What is read of `pyodide-lock.json`. */
interface LockFile {
  info: { python: string };
  packages: Record<string, { file_name: string }>;
}

interface Packages {
  /** Python's version, as in "3.14.2". */
  python: string;
  files: ZipEntry[];
}

const PACKAGES = ['flambeau', 'tqdm'];
/** Written by web/build/snapshot.mjs; packed with gzip, to a quarter. Its name does not say so, lest a server unpack it. */
const IMAGE = 'python.image';

function options(base: URL): Config {
  const indexURL = new URL('pyodide/', base).href;
  return { indexURL, packageBaseUrl: indexURL, lockFileURL: `${indexURL}pyodide-lock.json` };
}

async function fetchSnapshot(base: URL): Promise<ArrayBuffer> {
  const response = await fetch(new URL(`pyodide/${IMAGE}`, base));
  if (!response.ok || !response.body) throw new Error(`No memory image: the site answered ${response.status}`);
  return new Response(response.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}

/** The files of our packages, which the lock file names. */
async function fetchPackages(base: URL): Promise<Packages> {
  const folder = new URL('pyodide/', base);
  const lock = (await (await fetch(new URL('pyodide-lock.json', folder))).json()) as LockFile;
  const files = PACKAGES.map(async (name) => {
    const wheel = lock.packages[name]?.file_name;
    if (wheel === undefined) throw new Error(`the lock file does not name ${name}`);
    const response = await fetch(new URL(wheel, folder));
    if (!response.ok) throw new Error(`${wheel}: the site answered ${response.status}`);
    return unzip(await response.arrayBuffer());
  });
  return { python: lock.info.python, files: (await Promise.all(files)).flat() };
}

/** Our packages as files: also after a memory image, which has the imported modules but not their sources. */
function writePackages(pyodide: PyodideInterface, { python, files }: Packages): void {
  const folder = `/lib/python${python.split('.').slice(0, 2).join('.')}/site-packages`;
  const made = new Set<string>();
  for (const { path, bytes } of files) {
    const target = `${folder}/${path}`;
    const parent = target.slice(0, target.lastIndexOf('/'));
    if (!made.has(parent)) pyodide.FS.mkdirTree(parent);
    made.add(parent);
    pyodide.FS.writeFile(target, bytes);
  }
  writeDriver(pyodide.FS);
}

async function importAll(pyodide: PyodideInterface): Promise<void> {
  await pyodide.runPythonAsync(`import sys; sys.path.append(${JSON.stringify(DRIVER_PATH)}); import flambeau_page.run`);
}

async function bootPlain(base: URL): Promise<PyodideInterface> {
  const packages = fetchPackages(base);
  const pyodide = await loadPyodide(options(base));
  writePackages(pyodide, await packages);
  await importAll(pyodide);
  return pyodide;
}

async function bootSnapshot(base: URL): Promise<PyodideInterface> {
  const packages = fetchPackages(base);
  const image = fetchSnapshot(base);
  const settled = options(base);
  const createPyodideModule = async (settings: unknown) => {
    const bytes = (await image).byteLength;
    const { default: create } = await import(/* @vite-ignore */ `${settled.indexURL}pyodide.asm.mjs`);
    // The memory of a fresh module is smaller than that of one that has imported things, and an image must fit.
    (settings as Settings).preRun.push((module) => module.growMemory(bytes));
    return create(settings);
  };
  const pyodide = await loadPyodide({ ...settled, _loadSnapshot: image, createPyodideModule } as Config & Images);
  writePackages(pyodide, await packages);
  // Every page starts from the same image; their random numbers should not be the same.
  pyodide.runPython('import random; random.seed()');
  return pyodide;
}

/** Starts Python as asked, or from nothing where the memory image is missing or does not fit this browser. */
export async function boot(base: URL, wanted: Boot): Promise<{ pyodide: PyodideInterface; boot: Boot }> {
  // The image remembers that this browser can wait inside WebAssembly.
  if (wanted === 'snapshot' && 'Suspending' in WebAssembly) {
    try {
      return { pyodide: await bootSnapshot(base), boot: 'snapshot' };
    } catch (error) {
      console.info(`Starting Python without a memory image. ${String(error)}`);
    }
  }
  return { pyodide: await bootPlain(base), boot: 'plain' };
}

/** The memory image: everything imported, nothing run. */
export async function makeSnapshot(base: URL): Promise<ArrayBuffer> {
  const packages = fetchPackages(base);
  const pyodide = await loadPyodide({ ...options(base), _makeSnapshot: true } as Config & Images);
  writePackages(pyodide, await packages);
  await importAll(pyodide);
  await pyodide.runPythonAsync('from flambeau_page.warm import warm; warm()');
  const bytes = (pyodide as unknown as { makeMemorySnapshot(): Uint8Array }).makeMemorySnapshot();
  return bytes.slice().buffer as ArrayBuffer;
}
