import { counted } from '#platform/counted.js';
import { nowAndThen } from './now-and-then.js';

/** Tells now and then, while existing events are looked through, what for and how many were seen. */
export function lookTeller(tell: (line: string) => void): (what: string, events: number) => void {
  return nowAndThen((what: string, events: number) => tell(`${what}: ${counted(events, 'event')} read`));
}
