import { expect, it } from '@jest/globals';
import { demoScripts } from './demo-orders.js';

it('the demo day is the same whenever it is played on, and in the order of its times', () => {
  const scripts = demoScripts('2026-11-21');
  expect(scripts).toEqual(demoScripts('2026-11-21'));
  expect(new Set(scripts.map(({ key }) => key)).size).toBe(scripts.length);
  for (const { steps } of scripts) {
    const times = steps.map(({ body }) => String(body['occurredAt']));
    expect(times).toEqual(times.toSorted());
    expect(times[0]).toMatch(/^2026-11-21T\d\d:\d\d:00\.000Z$/);
  }
});
