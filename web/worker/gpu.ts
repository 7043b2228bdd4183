// Which GPU there is, in words. Asking early also wakes the browser's GPU process while Python boots.
import type { Gpu } from './messages';

/** Software adapters name themselves after the library that draws; people know them by these names. */
function nameOf(info: GPUAdapterInfo): string {
  const parts = [info.description || info.device, info.vendor, info.architecture].filter(Boolean);
  if (info.description) return info.description;
  return parts.length > 0 ? parts.join(' ') : 'unnamed adapter';
}

export async function findGpu(): Promise<Gpu> {
  const no = (reason: string): Gpu => ({ available: false, name: reason });
  if (!self.isSecureContext) return no('WebGPU needs a page from https:// or from this computer');
  if (!('gpu' in navigator)) return no('this browser has no WebGPU');
  if (!('Suspending' in WebAssembly)) {
    return no('this browser cannot wait for the GPU inside WebAssembly (JSPI is missing)');
  }
  try {
    const adapter = await navigator.gpu.requestAdapter();
    if (adapter === null) return no('WebGPU found no graphics adapter that it may use');
    return { available: true, name: nameOf(adapter.info) };
  } catch (error) {
    return no(`WebGPU could not be asked for an adapter: ${String(error)}`);
  }
}
