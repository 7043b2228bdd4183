// Where the build keeps things. Everything below `build/` and `web/dist/` can be deleted at any time.
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const site = resolve(root, 'build/site');
export const wheels = resolve(site, 'wheels');
export const lockFile = resolve(site, 'pyodide-lock.json');
export const dist = resolve(root, 'web/dist');
export const pyodidePackage = resolve(root, 'node_modules/pyodide');
export const toolsEnvironment = resolve(root, '.venv-pyodide');
