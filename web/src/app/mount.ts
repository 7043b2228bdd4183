import { mount } from 'svelte';
import type { Session } from '../runtime/session';
import App from './App.svelte';
import { Playground } from './playground.svelte';
import './theme.css';

export function mountApp(session: Session): void {
  const target = document.getElementById('app');
  if (target) mount(App, { target, props: { playground: new Playground(session) } });
}
