// What is laid out in Python's file system: the driver, the examples and their data.

const driver = import.meta.glob<string>('../python/**/*.py', { query: '?raw', import: 'default', eager: true });

/** Where the user's program and the examples' data live. */
export const HOME = '/home/pyodide/playground';
const DRIVER = '/lib/flambeau_page';

export interface FileSystem {
  mkdirTree(path: string): void;
  writeFile(path: string, data: string | Uint8Array): void;
}

export interface Manifest {
  examples: Example[];
  data: string[];
}

export interface Example {
  file: string;
  title: string;
  goal: string;
  tries: string[];
  expect: string;
}

export const DRIVER_PATH = DRIVER;

export function writeDriver(fs: FileSystem): void {
  for (const [path, source] of Object.entries(driver)) {
    const target = `${DRIVER}/${path.replace('../python/', '')}`;
    fs.mkdirTree(target.slice(0, target.lastIndexOf('/')));
    fs.writeFile(target, source);
  }
}

/** Fetch what lies in `examples/` of the site: relative path → contents. */
export async function fetchExamples(base: URL): Promise<Map<string, Uint8Array>> {
  const folder = new URL('examples/', base);
  const manifest = (await (await fetch(new URL('manifest.json', folder))).json()) as Manifest;
  const names = [...manifest.examples.map((example) => example.file), ...manifest.data];
  const contents = names.map(async (name): Promise<[string, Uint8Array]> => {
    const response = await fetch(new URL(name, folder));
    if (!response.ok) throw new Error(`${name}: the site answered ${response.status}`);
    return [name, new Uint8Array(await response.arrayBuffer())];
  });
  return new Map(await Promise.all(contents));
}

export function writeExamples(fs: FileSystem, files: Map<string, Uint8Array>): void {
  for (const [name, bytes] of files) {
    const target = `${HOME}/${name}`;
    fs.mkdirTree(target.slice(0, target.lastIndexOf('/')));
    fs.writeFile(target, bytes);
  }
}
