// The user's own versions of the programs, kept in this browser.

const PREFIX = 'flambeau:program:';

function attempt<T>(action: () => T, otherwise: T): T {
  try {
    return action();
  } catch {
    return otherwise; // private windows and full disks: the page works without
  }
}

export function savedProgram(file: string): string | null {
  return attempt(() => localStorage.getItem(PREFIX + file), null);
}

/** Keeps the user's version; one that equals the original is not a version. False if it could not be kept. */
export function saveProgram(file: string, code: string, original: string): boolean {
  return attempt(() => {
    if (code === original) localStorage.removeItem(PREFIX + file);
    else localStorage.setItem(PREFIX + file, code);
    return true;
  }, false);
}

export function savedSetting(name: string): string | null {
  return attempt(() => localStorage.getItem(`flambeau:${name}`), null);
}

export function saveSetting(name: string, value: string | null): void {
  attempt(() => {
    if (value === null) localStorage.removeItem(`flambeau:${name}`);
    else localStorage.setItem(`flambeau:${name}`, value);
  }, undefined);
}
