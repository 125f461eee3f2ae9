import { explain } from '#platform/http/explain.js';
import { validated } from '#platform/http/validation.js';
import { PlaceOrderBody } from '../../../apps/command-api/src/orders/placing.dto.js';
import { interleave, type Lane, type Row } from '../measure.js';
import { ruleByRule } from '../rule-by-rule.js';
import { makeLine, seeded } from '../workload.js';

/** Of one lane, in lines: long enough for the clock, short enough to wait for. */
const LINES_PER_LANE = 200_000;
const LINES = [1, 20, 2_000] as const;
/** What class-validator takes, at least, of the time that a body takes: it is what everybody would use. */
const TARGET_RATIO = 2;

/**
 * A body of an order from parsed JSON to a checked instance: by the compiled schema as every request is, against
 * class-validator, and against the same rules called one by one. Of 2,000 lines, the latency is how long the event
 * loop stands still.
 */
export async function validation(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const lines of LINES) {
    const body = bodyOf(lines);
    const count = Math.ceil(LINES_PER_LANE / (lines + 9));
    const ours = () => timed(count, () => validated(PlaceOrderBody, body, 'json'));
    const against = async (name: string, target: number, accept: () => boolean) =>
      rows.push(await interleave({ name, target }, { ours, raw: () => timed(count, accept) }));
    await against(`validation ${lines}`, TARGET_RATIO, () => explain(PlaceOrderBody, body).length === 0);
    await against('  / rule by rule', 1, () => ruleByRule(PlaceOrderBody, body) !== null);
  }
  return rows;
}

function bodyOf(lines: number): object {
  const random = seeded(lines);
  const body = {
    currency: 'GBP',
    reference: 'WEB-1001',
    customerId: '17850',
    occurredAt: '2026-03-01T12:00:00Z',
    lines: Array.from({ length: lines }, () => makeLine(random)),
    shippingAddress: { country: 'GB', countryName: 'United Kingdom', name: 'Ada Example', city: 'London' },
    attributes: { channel: 'web' },
  };
  return JSON.parse(JSON.stringify(body)) as object; // as it comes from the parser
}

/** In this process alone: no other takes part. */
function timed(count: number, operation: () => unknown): Promise<Lane> {
  const latenciesMs = new Array<number>(count);
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  for (let i = 0; i < count; i++) {
    const fromMs = performance.now();
    if (!operation()) throw new Error('a good body was refused');
    latenciesMs[i] = performance.now() - fromMs;
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return Promise.resolve({
    perSecond: count / seconds,
    cpuMicrosPerOp: (user + system) / count,
    latenciesMs,
  });
}
