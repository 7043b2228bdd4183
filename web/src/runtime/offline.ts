// Registers the service worker, once the page has nothing better to do.

const QUIET = 4000;

/** Calls `kept` when the site is kept for use without a network. */
export function keepForLater(isBusy: () => boolean, kept: () => void): void {
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) return;
  const { serviceWorker } = navigator;
  if (serviceWorker.controller) kept();
  const attempt = () => {
    if (isBusy()) {
      setTimeout(attempt, QUIET);
      return;
    }
    serviceWorker
      .register('./service-worker.js')
      .then(() => serviceWorker.ready)
      .then(kept)
      .catch(() => {
        // Private windows and some hosts allow none: the page works without.
      });
  };
  setTimeout(attempt, QUIET);
}
