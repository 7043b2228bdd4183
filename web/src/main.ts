import { session } from './boot';

// Only now, so that the worker is under way while the page's own code is fetched and read.
import('./app/mount').then(({ mountApp }) => mountApp(session));
