// flambeau under Pyodide, from the wheel, on the browser's WebGPU. The steps are those of gpu_steps.py.

import * as transport from './flambeau_wgpu.js';
import { loadPyodide } from './pyodide/pyodide.mjs';

const PROGRAM = `
import time
import flambeau as torch
from gpu_steps import STEPS

torch.set_default_device("wgpu")
step = None

def make(name):
    global step
    step = None
    torch.manual_seed(0)
    step = STEPS[name](torch)

def turn(count):
    begun = time.perf_counter()
    for _ in range(count):
        loss = step()
    value = loss.item()
    return [1e3 * (time.perf_counter() - begun), value]
`;

export async function open() {
  const python = await loadPyodide({ indexURL: new URL('./pyodide/', location.href).href });
  python.registerJsModule('flambeau_wgpu_js', transport);
  python.unpackArchive(await (await fetch('./flambeau.whl')).arrayBuffer(), 'wheel');
  for (const name of ['training_steps.py', 'gpu_steps.py', 'gpu_costs.py']) {
    python.FS.writeFile(name, await (await fetch(`./${name}`)).text());
  }
  await python.runPythonAsync(PROGRAM);
  const names = python.runPython('list(STEPS)').toJs();
  return {
    steps: Object.fromEntries(names.map((name) => [name, () => python.runPythonAsync(`make("${name}")`)])),
    python: (code) => python.runPythonAsync(code),
    turn: async (count) => (await python.runPythonAsync(`turn(${count})`)).toJs(),
  };
}
