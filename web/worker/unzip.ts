// The files of a wheel. Pyodide's own installer would do, but it leaves JavaScript objects in Python's heap, which a
// memory image cannot hold; and the browser's inflater is faster than Python's.

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const STORED = 0;
const DEFLATED = 8;

export interface ZipEntry {
  path: string;
  bytes: Uint8Array;
}

async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function findDirectory(view: DataView): { offset: number; count: number } {
  for (let at = view.byteLength - 22; at >= 0; at--) {
    if (view.getUint32(at, true) === END_OF_DIRECTORY) {
      return { offset: view.getUint32(at + 16, true), count: view.getUint16(at + 10, true) };
    }
  }
  throw new Error('not a zip archive');
}

/** The files of a zip archive without encryption and below 4 GiB, as wheels are. Folders have no entry of their own. */
export async function unzip(archive: ArrayBuffer): Promise<ZipEntry[]> {
  const view = new DataView(archive);
  const text = new TextDecoder();
  const { offset, count } = findDirectory(view);
  const entries: Promise<ZipEntry>[] = [];
  let at = offset;
  for (let i = 0; i < count; i++) {
    if (view.getUint32(at, true) !== DIRECTORY_ENTRY) throw new Error('the directory of the zip archive is damaged');
    const method = view.getUint16(at + 10, true);
    const packed = view.getUint32(at + 20, true);
    const nameLength = view.getUint16(at + 28, true);
    const path = text.decode(new Uint8Array(archive, at + 46, nameLength));
    const local = view.getUint32(at + 42, true);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const bytes = new Uint8Array(archive, start, packed);
    if (!path.endsWith('/')) {
      if (method === DEFLATED) entries.push(inflate(bytes).then((inflated) => ({ path, bytes: inflated })));
      else if (method === STORED) entries.push(Promise.resolve({ path, bytes }));
      else throw new Error(`${path}: compression method ${method}`);
    }
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return Promise.all(entries);
}
