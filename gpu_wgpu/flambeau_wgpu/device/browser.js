/* WebGPU for flambeau_wgpu under Pyodide: executes packed command lists on navigator.gpu.
 *
 * The module is registered with Pyodide under the name `flambeau_wgpu_js`:
 *
 *     import * as wgpu from ".../flambeau_wgpu/device/browser.js";
 *     pyodide.registerJsModule("flambeau_wgpu_js", wgpu);      // page with a strict CSP: nothing is evaluated
 *
 * Where nobody registered it (JupyterLite, marimo), `browser.py` evaluates its own copy of this file. Registering touches neither
 * navigator.gpu nor a GPU object: a memory snapshot of the interpreter stays possible until `open` is called.
 *
 *     probe()            -> Promise<string>   "" if a device can be had, else why not, in words
 *     open()             -> Promise<Device>   requests adapter and device
 *     recall(name)       -> Promise<string>   a text that the page remembers; "" where there is none, or nothing may be stored
 *     remember(name, text) -> Promise<null>
 *     device.info        -> string            JSON: {name, type, limits, features}
 *     device.compile(id, code, paramSize, n, writable)
 *                                             a kernel from WGSL: binding 0 holds `paramSize` bytes of parameters, bindings 1..n storage
 *                                             buffers, of which those in the bit mask `writable` are written
 *     device.execute(words, data) -> null | Promise<Uint8Array | null>
 *     device.settled()   -> Promise<null>     all work submitted so far is done
 *     device.timed       =  boolean           whether kernels note their times, where the adapter has `timestamp-query`
 *     device.kernelTimes() -> Promise<Uint8Array>
 *                                             begin and end of each kernel of the last timed list, in nanoseconds of 64 bits; empty
 *                                             where they are not known. Browsers round them, Chromium to 0.1 ms
 *     device.close()
 *
 * `execute` is the only call made while computing, once per flush; `compile` comes before it for each kernel that is new, and begins to
 * compile at once, while Python still plans. `words` is a list of 32-bit words, `data` the bytes that WRITE refers to; both may be
 * Python buffers (array.array, bytearray), which are read in place. Everything that is dispatched goes through one command encoder and
 * one submit. The result is null when nothing has to be waited for; a promise when kernels are being compiled (all of them side by
 * side) or when the list ends in READ, whose bytes it then holds.
 *
 *     1 BUFFER    id size usage              usage 0: storage, 1: kernel parameters (uniform)
 *     2 DESTROY   id
 *     3 WRITE     id offset start length     data[start : start + length]; length is a multiple of 4
 *     4 DISPATCH  pipeline offset x y z n id...    `offset` of its parameters in the parameter buffer, a multiple of 256
 *     5 READ      id size                    the last command, at most once
 *
 * Writes take effect in order, before the first dispatch of the same list.
 */

const BUFFER = 1;
const DESTROY = 2;
const WRITE = 3;
const DISPATCH = 4;
const READ = 5;

const RAISED_LIMITS = ['maxBufferSize', 'maxStorageBufferBindingSize'];
const FEATURES = ['shader-f16', 'subgroups', 'timestamp-query']; // asked for where the adapter has them
const BIND_GROUPS_KEPT = 8192;
const STORAGE_PATIENCE = 2000; // milliseconds
const QUERIES = 4096; // that a set may have

async function requestAdapter() {
  const gpu = globalThis.navigator?.gpu;
  if (!gpu) {
    throw new Error(
      'this browser offers no WebGPU here (navigator.gpu is missing). Use Chrome, Edge, Safari 26 or Firefox 141 and later, over https or ' +
        'localhost; in Chromium on Linux start it with --enable-unsafe-webgpu (or chrome://flags/#enable-unsafe-webgpu)',
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    throw new Error(
      "WebGPU is there, but it found no adapter. Turn on graphics acceleration in the browser's settings, or start Chromium with " +
        '--enable-unsafe-webgpu; chrome://gpu says what is missing',
    );
  }
  return adapter;
}

async function probe() {
  try {
    await requestAdapter();
    return '';
  } catch (error) {
    return String(error?.message ?? error);
  }
}

async function open() {
  const adapter = await requestAdapter();
  const requiredLimits = {};
  for (const limit of RAISED_LIMITS) requiredLimits[limit] = adapter.limits[limit];
  const requiredFeatures = FEATURES.filter((feature) => adapter.features.has(feature));
  return new Device(adapter, await adapter.requestDevice({ requiredLimits, requiredFeatures }));
}

function describe(adapter, device) {
  const info = adapter.info ?? {};
  const name =
    info.description || [info.vendor, info.architecture || info.device].filter(Boolean).join(' ') || 'WebGPU';
  const software =
    info.isFallbackAdapter ||
    adapter.isFallbackAdapter ||
    /swiftshader|llvmpipe|software|basic render/i.test(
      JSON.stringify([name, info.vendor, info.architecture, info.device]),
    );
  const limits = {};
  for (const key in device.limits) limits[key] = device.limits[key];
  // A kernel must know which subgroup it is in, too, and early versions of the feature did not tell.
  const numbered = navigator.gpu.wgslLanguageFeatures?.has('subgroup_id');
  const features = [...device.features].filter((feature) => feature !== 'subgroups' || numbered);
  return JSON.stringify({ name, type: software ? 'cpu' : 'gpu', limits, features });
}

class Device {
  constructor(adapter, device) {
    this.device = device;
    this.queue = device.queue;
    this.info = describe(adapter, device);
    this.fault = ''; // the first error that WebGPU reported outside of a call; raised by the next execute
    this.buffers = new Map(); // id -> GPUBuffer
    this.pipelines = new Map(); // id -> {layout, paramSize, layoutId, pipeline}
    this.layouts = new Map(); // "paramSize/n/writable" -> {id, bindGroupLayout, pipelineLayout}
    this.bindGroups = new Map(); // "layout/id,id,..." -> GPUBindGroup
    this.compiling = []; // promises of the kernels that are new since the last execute
    this.params = null; // the GPUBuffer created with usage 1
    this.staging = null; // MAP_READ buffer, kept between reads
    this.timed = false; // while a profile is taken: each kernel runs in a pass of its own that notes its times
    this.times = []; // of the last timed list: {querySet, count}
    device.lost.then((info) => {
      this.fault ||= `the GPU device was lost (${info.reason}): ${info.message}`;
    });
    device.addEventListener('uncapturederror', (event) => {
      this.fault ||= `${event.error.constructor.name}: ${event.error.message}`;
      event.preventDefault();
    });
  }

  compile(id, code, paramSize, n, writable) {
    const compiling = this.createPipeline(id, code, paramSize, n, writable);
    compiling.catch(() => {}); // whoever executes next is told
    this.compiling.push(compiling);
    this.queue.submit([]); // or the browser would hold the request back until Python waits
  }

  execute(words, data) {
    this.raiseFault();
    const w = borrow(words, 'u32');
    const d = borrow(data, 'u8');
    try {
      const { compiling, dispatchesAt, read } = this.prepare(w.data, d.data);
      if (!compiling.length) {
        this.encode(w.data, dispatchesAt, read);
        return read ? this.map(read.size) : null;
      }
      // Python's memory may move while we wait: keep the commands, the data has been consumed.
      return this.afterCompiling(compiling, w.data.slice(dispatchesAt), read);
    } finally {
      w.release();
      d.release();
    }
  }

  async afterCompiling(compiling, commands, read) {
    // All of them, even if one fails: the next list may use the other kernels. (A new buffer's room is among them.)
    const failed = (await Promise.allSettled(compiling)).find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
    this.raiseFault();
    this.encode(commands, 0, read);
    return read ? await this.map(read.size) : null;
  }

  async settled() {
    await this.queue.onSubmittedWorkDone();
    this.raiseFault();
    return null;
  }

  close() {
    this.device.destroy();
  }

  raiseFault() {
    if (this.fault) {
      const fault = this.fault;
      if (!fault.startsWith('the GPU device was lost')) this.fault = '';
      throw new Error(fault);
    }
  }

  /** Everything before the first dispatch: buffers and writes. READ is looked up at the end of the list. */
  prepare(w, d) {
    const compiling = this.compiling.splice(0);
    let at = 0;
    let scoped = false;
    while (at < w.length && w[at] < DISPATCH) {
      const op = w[at];
      if (op === BUFFER) {
        // Only a scope tells in time that there was no room. New buffers are rare once a program is under way.
        if (!scoped) this.device.pushErrorScope('out-of-memory');
        scoped = true;
        this.createBuffer(w[at + 1], w[at + 2], w[at + 3]);
        at += 4;
      } else if (op === DESTROY) {
        this.destroyBuffer(w[at + 1]);
        at += 2;
      } else if (op === WRITE) {
        this.queue.writeBuffer(this.buffers.get(w[at + 1]), w[at + 2], d, w[at + 3], w[at + 4]);
        at += 5;
      } else {
        throw new Error(`flambeau_wgpu: unknown command ${op} at word ${at}`);
      }
    }
    if (scoped) compiling.push(this.room());
    const end = w.length - 3;
    const read = end >= at && w[end] === READ && this.endsAt(w, at, end) ? { id: w[end + 1], size: w[end + 2] } : null;
    return { compiling, dispatchesAt: at, read };
  }

  /** Settles when it is known whether there was room for the new buffers. */
  async room() {
    const error = await this.device.popErrorScope();
    if (error) throw new Error(`out of memory: ${error.message}`);
  }

  /** Whether the dispatches that start at `at` end exactly at `end` (an id may happen to equal READ). */
  endsAt(w, at, end) {
    while (at < end) at += 7 + w[at + 6];
    return at === end;
  }

  encode(w, start, read) {
    if (start >= w.length) return;
    const encoder = this.device.createCommandEncoder();
    let at = start;
    if (w[at] === DISPATCH) {
      const passes = this.timed && this.device.features.has('timestamp-query') ? this.timedPasses(w, at) : null;
      let pass = null;
      const offsets = new Uint32Array(1);
      let current = -1;
      while (at < w.length && w[at] === DISPATCH) {
        if (!pass) {
          pass = encoder.beginComputePass(passes?.next().value);
          current = -1;
        }
        const id = w[at + 1];
        const kernel = this.pipelines.get(id);
        if (id !== current) pass.setPipeline(kernel.pipeline);
        current = id;
        offsets[0] = w[at + 2];
        pass.setBindGroup(0, this.bindGroup(kernel, w, at + 7, w[at + 6]), offsets, 0, 1);
        pass.dispatchWorkgroups(w[at + 3], w[at + 4], w[at + 5]);
        at += 7 + w[at + 6];
        if (passes) {
          pass.end();
          pass = null;
        }
      }
      pass?.end();
    }
    if (read) this.readBack(encoder, this.buffers.get(read.id), read.size);
    this.queue.submit([encoder.finish()]);
  }

  /** Descriptions of passes that note when each of the kernels from `at` on begins and ends. */
  *timedPasses(w, at) {
    let kernels = 0;
    for (let i = at; i < w.length && w[i] === DISPATCH; i += 7 + w[i + 6]) kernels++;
    for (const { querySet } of this.times) querySet.destroy();
    this.times = [];
    for (; kernels > 0; kernels -= QUERIES / 2) {
      const count = Math.min(2 * kernels, QUERIES);
      const querySet = this.device.createQuerySet({ type: 'timestamp', count });
      this.times.push({ querySet, count });
      for (let i = 0; i < count; i += 2) {
        yield { timestampWrites: { querySet, beginningOfPassWriteIndex: i, endOfPassWriteIndex: i + 1 } };
      }
    }
  }

  async kernelTimes() {
    const size = this.times.reduce((bytes, { count }) => bytes + 8 * count, 0);
    if (!size) return new Uint8Array(0);
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    const resolved = this.device.createBuffer({ size, usage });
    const encoder = this.device.createCommandEncoder();
    let at = 0; // all sets but the last are full, so that this is a multiple of 256, as it has to be
    for (const { querySet, count } of this.times) {
      encoder.resolveQuerySet(querySet, 0, count, resolved, at);
      at += 8 * count;
    }
    this.readBack(encoder, resolved, size);
    this.queue.submit([encoder.finish()]);
    const bytes = await this.map(size);
    resolved.destroy();
    for (const { querySet } of this.times) querySet.destroy();
    this.times = [];
    return bytes;
  }

  /** Copies the first bytes of a buffer to where `map` finds them. */
  readBack(encoder, buffer, size) {
    if (!this.staging || this.staging.size < size) {
      this.staging?.destroy();
      const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
      this.staging = this.device.createBuffer({ size: Math.max(size, 4096), usage });
    }
    encoder.copyBufferToBuffer(buffer, 0, this.staging, 0, size);
  }

  async map(size) {
    try {
      await this.staging.mapAsync(GPUMapMode.READ, 0, size);
    } catch (error) {
      // Of a lost device WebGPU says so a little later than it fails.
      await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, 100))]);
      this.raiseFault();
      throw error;
    }
    const bytes = new Uint8Array(this.staging.getMappedRange(0, size)).slice();
    this.staging.unmap();
    this.raiseFault();
    return bytes;
  }

  createBuffer(id, size, kind) {
    const usage =
      (kind ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC) | GPUBufferUsage.COPY_DST;
    const buffer = this.device.createBuffer({ size, usage });
    this.buffers.set(id, buffer);
    if (kind) {
      this.params = buffer;
      this.bindGroups.clear();
    }
  }

  destroyBuffer(id) {
    this.buffers.get(id).destroy();
    this.buffers.delete(id);
    this.bindGroups.clear(); // rare: only when the pool gives memory back
  }

  layout(paramSize, n, writable) {
    const key = `${paramSize}/${n}/${writable}`;
    let layout = this.layouts.get(key);
    if (!layout) {
      const visibility = GPUShaderStage.COMPUTE;
      const entries = [
        { binding: 0, visibility, buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: paramSize } },
      ];
      for (let i = 0; i < n; i++) {
        entries.push({
          binding: i + 1,
          visibility,
          buffer: { type: (writable >>> i) & 1 ? 'storage' : 'read-only-storage' },
        });
      }
      const bindGroupLayout = this.device.createBindGroupLayout({ entries });
      const pipelineLayout = this.device.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout] });
      layout = { id: this.layouts.size, paramSize, bindGroupLayout, pipelineLayout };
      this.layouts.set(key, layout);
    }
    return layout;
  }

  async createPipeline(id, code, paramSize, n, writable) {
    const layout = this.layout(paramSize, n, writable);
    const kernel = { layout, pipeline: null };
    this.pipelines.set(id, kernel);
    const module = this.device.createShaderModule({ code });
    try {
      const compute = { module, entryPoint: 'main' };
      kernel.pipeline = await this.device.createComputePipelineAsync({ layout: layout.pipelineLayout, compute });
    } catch (error) {
      throw new Error(`${error.message}\n${code}`);
    }
  }

  bindGroup(kernel, w, first, n) {
    let key = `${kernel.layout.id}/`;
    for (let i = first; i < first + n; i++) key += `${w[i]},`;
    let group = this.bindGroups.get(key);
    if (!group) {
      if (this.bindGroups.size >= BIND_GROUPS_KEPT) this.bindGroups.clear();
      const entries = [{ binding: 0, resource: { buffer: this.params, offset: 0, size: kernel.layout.paramSize } }];
      for (let i = 0; i < n; i++)
        entries.push({ binding: i + 1, resource: { buffer: this.buffers.get(w[first + i]) } });
      group = this.device.createBindGroup({ layout: kernel.layout.bindGroupLayout, entries });
      this.bindGroups.set(key, group);
    }
    return group;
  }
}

/** A typed array over a Python buffer or a typed array, and how to let go of it. */
function borrow(source, type) {
  if (typeof source.getBuffer === 'function') {
    const view = source.getBuffer(type);
    return { data: view.data, release: () => view.release() };
  }
  return { data: source, release: () => {} };
}

/** Runs `work` on what the page remembers, in a transaction; its result. Undefined where storage is denied or does not answer. */
async function transact(mode, work) {
  const patience = new Promise((resolve) => setTimeout(resolve, STORAGE_PATIENCE));
  try {
    return await Promise.race([patience, transaction(mode, work)]);
  } catch {
    return undefined; // a private window, a full disk: what was measured is measured again next time
  }
}

async function transaction(mode, work) {
  const database = await new Promise((resolve, reject) => {
    const opening = indexedDB.open('flambeau', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('remembered');
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  try {
    return await new Promise((resolve, reject) => {
      const running = database.transaction('remembered', mode);
      const request = work(running.objectStore('remembered'));
      running.oncomplete = () => resolve(request.result);
      running.onabort = () => reject(running.error);
    });
  } finally {
    database.close();
  }
}

async function recall(name) {
  return (await transact('readonly', (entries) => entries.get(name))) ?? '';
}

async function remember(name, text) {
  await transact('readwrite', (entries) => entries.put(text, name));
  return null;
}

export { open, probe, recall, remember };
