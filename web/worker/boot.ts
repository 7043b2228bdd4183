// Starts Python: from the memory image made at build time where there is one, else from nothing.
import { loadPyodide, type PyodideInterface } from 'pyodide';
import { DRIVER_PATH, writeDriver } from './files';
import type { Boot } from './messages';
import { unzip, type ZipEntry } from './unzip';

/** The parts of Pyodide's interface that its types leave out: memory images are not public yet, so the version is pinned. */
interface Options {
  indexURL: string;
  packageBaseUrl: string;
  lockFileURL: string;
  env?: Record<string, string>;
  _makeSnapshot?: boolean;
  _loadSnapshot?: Promise<ArrayBuffer>;
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
const SNAPSHOT = 'snapshot.bin';

function options(base: URL): Options {
  const indexURL = new URL('pyodide/', base).href;
  return { indexURL, packageBaseUrl: indexURL, lockFileURL: `${indexURL}pyodide-lock.json` };
}

async function fetchSnapshot(base: URL): Promise<ArrayBuffer> {
  const response = await fetch(new URL(`pyodide/${SNAPSHOT}`, base));
  if (!response.ok) throw new Error(`No memory image: the site answered ${response.status}`);
  return response.arrayBuffer();
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
  const pyodide = await loadPyodide({ ...options(base), _loadSnapshot: fetchSnapshot(base) } as Options);
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
  const pyodide = await loadPyodide({ ...options(base), _makeSnapshot: true } as Options);
  writePackages(pyodide, await packages);
  await importAll(pyodide);
  const bytes = (pyodide as unknown as { makeMemorySnapshot(): Uint8Array }).makeMemorySnapshot();
  return bytes.slice().buffer as ArrayBuffer;
}
