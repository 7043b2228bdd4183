// Builds the flambeau wheel, fetches tqdm's, and enters both into the site's pyodide-lock.json
// (see lock.py). Does nothing when neither sources nor tools changed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lockFile, pyodidePackage, root, site, toolsEnvironment, wheels } from './paths.mjs';

const TQDM = 'tqdm>=4.66';
const python = process.env.PYTHON ?? 'python3';
const tool = (name) => join(toolsEnvironment, process.platform === 'win32' ? 'Scripts' : 'bin', name);

function run(command, args) {
  console.log(`$ ${[command.replace(`${root}/`, ''), ...args].join(' ')}`);
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** One digest of everything that ends up in the wheel and the lock file. */
function fingerprint() {
  const digest = createHash('sha256').update(TQDM);
  const inputs = [
    ...filesBelow(resolve(root, 'core/flambeau')),
    ...filesBelow(resolve(root, 'gpu_wgpu/flambeau_wgpu')),
    resolve(root, 'pyproject.toml'),
    resolve(root, 'README.md'),
    resolve(root, 'web/build/lock.py'),
    join(pyodidePackage, 'package.json'),
  ];
  for (const file of inputs) digest.update(file).update(readFileSync(file));
  return digest.digest('hex');
}

/** The tools listed in pyproject.toml's `page` group, in an environment of their own. */
function ensureTools() {
  const listGroup =
    "import tomllib; print('\\n'.join(tomllib.load(open('pyproject.toml', 'rb'))['dependency-groups']['page']))";
  const group = execFileSync(python, ['-c', listGroup], { cwd: root, encoding: 'utf8' }).trim();
  const stamp = join(toolsEnvironment, 'group.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === group) return;
  run(python, ['-m', 'venv', toolsEnvironment]);
  run(tool('python'), ['-m', 'pip', 'install', '-qq', '--disable-pip-version-check', ...group.split('\n')]);
  writeFileSync(stamp, group);
}

ensureTools();
const digestFile = join(site, 'inputs.sha256');
const digest = fingerprint();
if (existsSync(lockFile) && existsSync(digestFile) && readFileSync(digestFile, 'utf8') === digest) {
  console.log('Wheels and lock file are up to date.');
  process.exit(0);
}

rmSync(digestFile, { force: true });
mkdirSync(wheels, { recursive: true });
for (const name of readdirSync(wheels)) if (name.startsWith('flambeau-')) rmSync(join(wheels, name));
run(tool('python'), ['-m', 'build', '--wheel', '--no-isolation', '--outdir', wheels]);
if (!readdirSync(wheels).some((name) => name.startsWith('tqdm-'))) {
  run(tool('python'), [
    '-m',
    'pip',
    'download',
    '-qq',
    '--disable-pip-version-check',
    '--no-deps',
    '--only-binary=:all:',
    '--dest',
    wheels,
    TQDM,
  ]);
}
const wheelFiles = readdirSync(wheels).filter((name) => name.endsWith('.whl'));
run(tool('python'), [
  resolve(root, 'web/build/lock.py'),
  join(pyodidePackage, 'pyodide-lock.json'),
  lockFile,
  ...wheelFiles.map((name) => join(wheels, name)),
]);
writeFileSync(digestFile, digest);
