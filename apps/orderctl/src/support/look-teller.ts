import { counted } from '#platform/counted.js';

const TELL_EVERY_MS = 2_000;

/** Tells every two seconds, while existing events are looked through, what for and how many were seen. */
export function lookTeller(tell: (line: string) => void): (what: string, events: number) => void {
  let toldMs = Date.now();
  return (what, events) => {
    if (Date.now() - toldMs < TELL_EVERY_MS) return;
    toldMs = Date.now();
    tell(`${what}: ${counted(events, 'event')} read`);
  };
}
