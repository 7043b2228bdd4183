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

export default defineConfig({
  root: 'web',
  base: './',
  publicDir: 'public',
  plugins: [svelte({ configFile: '../svelte.config.js' }), site()],
  worker: { format: 'es' },
  optimizeDeps: { exclude: ['pyodide'] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { page: 'web/index.html', snapshot: 'web/snapshot.html' } },
  },
  server: { port: 5173 },
  preview: { port: 8314, headers },
  test: { include: ['**/*.test.ts'], environment: 'node' },
});
