import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Ledger } from '../chaos/provider/ledger.js';
import { PaymentProvider } from '../chaos/provider/payment-provider.js';

const CAPTURES = 200;

describe('The payment provider of the chaos run', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderlog-provider-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const started = () => {
    const ledger = new Ledger(join(folder, 'ledger.ndjson'));
    return { ledger, provider: new PaymentProvider(ledger) };
  };

  function capture({ provider }: ReturnType<typeof started>): void {
    for (let n = 0; n < CAPTURES; n++) {
      provider.handle({
        ...{ requestId: `capture ${n}`, ask: 'capture', cause: `order@${n}`, tenantId: 'default' },
        ...{ orderId: 'order', amountMinor: 1_001 + n, currency: 'EUR' },
        ...{ authorization: null, refundId: null },
      });
    }
  }

  it('takes captures back, some in parts, and never more than it took, also after it was killed', () => {
    capture(started());
    const { length: toTakeBack } = started().provider.unsettled;
    expect(toTakeBack).toBeGreaterThan(0);
    let settled = 0;
    for (;;) {
      // A process for each entry: what is left to do follows from the ledger alone.
      const { provider } = started();
      const [next] = provider.unsettled;
      if (next === undefined) break;
      expect(provider.settle(next)).toMatchObject({ kind: 'reversed', capture: next.reference });
      settled += 1;
    }
    expect(settled).toBeGreaterThan(toTakeBack);
    const { entries } = started().ledger;
    const reversals = entries.filter(({ kind }) => kind === 'reversed');
    expect(new Set(reversals.map(({ reference }) => reference)).size).toBe(settled);
    for (const { reference, amountMinor } of entries.filter(({ kind }) => kind === 'captured')) {
      const back = reversals.filter((each) => each.capture === reference);
      expect(back.reduce((sum, each) => sum + each.amountMinor, 0)).toBeLessThanOrEqual(amountMinor);
    }
  });
});
