import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { contentSecurityPolicy } from './web/build/policy.mjs';
import { site } from './web/build/site.mjs';

// The headers a static host may add; the page works without them. With the isolating pair a hard loop can be interrupted.
const headers = {
  'Content-Security-Policy': contentSecurityPolicy,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Pyodide's loader can also run in Node; what it would import there is left out of the page, as it should be. */
function onLog(
  level: 'warn' | 'info' | 'debug',
  log: { message: string },
  handle: (level: 'warn' | 'info' | 'debug', log: { message: string }) => void,
): void {
  if (!log.message.includes('has been externalized for browser compatibility')) handle(level, log);
}

export default defineConfig({
  root: 'web',
  base: './',
  publicDir: 'public',
  plugins: [svelte({ configFile: '../svelte.config.js' }), site()],
  worker: { format: 'es', rolldownOptions: { onLog, checks: { pluginTimings: false } } },
  optimizeDeps: { exclude: ['pyodide'] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      onLog,
      checks: { pluginTimings: false },
      input: { page: 'web/index.html', snapshot: 'web/snapshot.html' },
    },
  },
  server: { port: 5173 },
  preview: { port: 8314, headers },
  test: { include: ['**/*.test.ts'], environment: 'node' },
});
