import { explain } from '#platform/http/explain.js';
import { validated } from '#platform/http/validation.js';
import { PlaceOrderBody } from '../../../apps/command-api/src/orders/placing.dto.js';
import { interleave, type Lane, type Row } from '../measure.js';
import { ruleByRule } from '../rule-by-rule.js';
import { makeLine, seeded } from '../workload.js';

/** Lines in one lane: enough for the clock, and few enough to wait for. */
const LINES_PER_LANE = 200_000;
const LINES = [1, 20, 2_000] as const;
/** class-validator must take at least this many times as long as the compiled schema. It is the usual choice. */
const TARGET_RATIO = 2;

/**
 * Turns the parsed JSON of an order into a checked instance: by the compiled schema as for every request, against
 * class-validator, and against the same rules called one by one. For 2,000 lines, the latency is how long the
 * event loop is blocked.
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

/** Runs in this process alone, so its own CPU time is the whole. */
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
