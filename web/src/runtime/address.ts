// What the address asks for after its #: `#dynamic_net` opens that example, `#run` also starts it.

export interface Wish {
  example: string | null;
  run: boolean;
}

export function readAddress(hash: string): Wish {
  const words = hash.replace(/^#/, '').split(/[&,]/).filter(Boolean);
  const example = words.find((word) => word !== 'run') ?? null;
  return { example: example === null ? null : `${example.replace(/\.py$/, '')}.py`, run: words.includes('run') };
}
