import type { RawEvent } from '#event-store/port.js';
import type { LedgerEntry, LedgerKind } from '../provider/ledger.js';
import { textOf } from './equal.js';
import type { ColumnValues, Facts, ProviderFacts } from './facts.js';
import { firstParked } from './rows.check.js';
import { eventNames, keyOf, keyOfRow, type Story } from './story.js';
import type { Report } from './violations.js';

/** Money that moved, was promised or was let go: the thing that a provider's reference stands for. */
interface Move {
  /**
   * `refund back`: the money was paid back and then returned to the provider. `refund failure`: the provider's
   * last word on a refund. `reversal`: a capture that was taken back, in whole or in part.
   */
  readonly kind:
    'authorization' | 'capture' | 'reversal' | 'void' | 'refund' | 'refund back' | 'refund failure';
  readonly reference: string;
  /** null for a void, whose event gives no amount. */
  readonly amountMinor: number | null;
  readonly currency: string | null;
}

/**
 * I10: captures, their reversals and refunds at the provider equal those in stream and rows, per reference, and at
 * no moment was more paid back than taken. The events and rows are read as they are: no fold takes part, since it may be wrong
 * too.
 */
export function checkMoney(
  { rows, parked, skips, provider }: Pick<Facts, 'rows' | 'parked' | 'skips' | 'provider'>,
  stories: ReadonlyMap<string, Story>,
  report: Report,
): void {
  const parkedFrom = firstParked(parked, 'orders');
  const rowOf = new Map(rows.orders.map((row) => [keyOfRow(row), row]));
  const skipped = eventNames(skips);
  for (const [key, { chapters }] of stories) {
    const events = chapters.map(({ raw }) => raw);
    checkStream(key, movesOf(events), report);
    const shown = events
      .slice(0, parkedFrom.get(key))
      .filter(({ revision }) => !skipped.has(`${key}@${revision}`));
    const row = rowOf.get(key);
    if (row) checkRow(key, standing(movesOf(shown)), row, report);
  }
  if (provider !== null) checkProvider(provider, stories, report);
}

function movesOf(events: readonly RawEvent[]): Move[] {
  const asked = new Map<unknown, ColumnValues>();
  const paid = new Set<unknown>();
  return events.flatMap(({ type, data: stored }): Move[] => {
    const data = (stored as { data?: ColumnValues } | null)?.data ?? {};
    const reference = String(data['providerReference']);
    const of = ({ amountMinor, currency }: ColumnValues) => ({
      ...{ reference, amountMinor: amountMinor as number, currency: currency as string },
    });
    if (type === 'RefundRequested') asked.set(data['refundId'], data);
    if (type === 'PaymentAuthorized') return [{ kind: 'authorization', ...of(data) }];
    if (type === 'PaymentCaptured') return [{ kind: 'capture', ...of(data) }];
    if (type === 'PaymentReversed') return [{ kind: 'reversal', ...of(data) }];
    if (type === 'PaymentVoided') return [{ kind: 'void', reference, amountMinor: null, currency: null }];
    const refund = of(asked.get(data['refundId']) ?? {});
    if (type === 'RefundSucceeded') {
      paid.add(data['refundId']);
      return [{ kind: 'refund', ...refund }];
    }
    if (type !== 'RefundFailed' || data['providerReference'] === null) return [];
    return failed(refund, paid.has(data['refundId']));
  });
}

function failed(refund: Omit<Move, 'kind'>, wasPaid: boolean): Move[] {
  const back: Move[] = wasPaid ? [{ kind: 'refund back', ...refund }] : [];
  return [...back, { kind: 'refund failure', ...refund }];
}

/**
 * The moves that still hold, without refunds that came back. An order may know only the failure of such a refund.
 */
function standing(moves: readonly Move[]): readonly Move[] {
  const back = new Set(moves.filter(({ kind }) => kind === 'refund back').map(({ reference }) => reference));
  return moves.filter(
    ({ kind, reference }) => !['refund', 'refund back'].includes(kind) || !back.has(reference),
  );
}

function checkStream(key: string, moves: readonly Move[], report: Report): void {
  const seen = new Set<string>();
  let heldMinor = 0;
  for (const move of moves) {
    if (seen.has(nameOf(move))) report(key, `${nameOf(move)} is in its stream twice`);
    seen.add(nameOf(move));
    heldMinor += heldBy(move);
    if (heldMinor < 0) report(key, `with ${nameOf(move)} more is paid back than was taken, by ${-heldMinor}`);
  }
}

function checkRow(key: string, moves: readonly Move[], row: ColumnValues, report: Report): void {
  const { payments, refunds, currency } = row['document'] as {
    payments: Record<'captures' | 'authorizations' | 'voids' | 'reversals', readonly ColumnValues[]>;
    refunds: readonly ColumnValues[];
    currency: string;
  };
  const shown = (kind: Move['kind'], parts: readonly ColumnValues[]): Move[] =>
    parts.map(({ providerReference, amountMinor }) => ({
      ...{ kind, reference: String(providerReference) },
      amountMinor: kind === 'void' ? null : (amountMinor as number),
      currency: kind === 'void' ? null : currency,
    }));
  const inRow = [
    ...shown('authorization', payments.authorizations),
    ...shown('capture', payments.captures),
    ...shown('reversal', payments.reversals),
    ...shown('void', payments.voids),
    ...shown(
      'refund',
      refunds.filter(({ status }) => status === 'succeeded'),
    ),
    ...shown(
      'refund failure',
      refunds.filter(({ status, providerReference }) => status === 'failed' && providerReference !== null),
    ),
  ];
  compare(key, { name: 'stream', moves }, { name: 'row', moves: inRow }, report);
  const sum = (kind: Move['kind']) =>
    moves.reduce((total, move) => total + (move.kind === kind ? (move.amountMinor ?? 0) : 0), 0);
  const [capturedMinor, refundedMinor] = [sum('capture') - sum('reversal'), sum('refund')];
  const expected = {
    captured_minor: capturedMinor,
    refunded_minor: refundedMinor,
    balance_due_minor: Number(row['total_minor']) - capturedMinor + refundedMinor,
  };
  for (const [column, wanted] of Object.entries(expected)) {
    if (Number(row[column]) !== wanted)
      report(key, `row: ${column} is ${String(row[column])}, not ${wanted}`);
  }
}

const kinds: Partial<Record<LedgerKind, Move['kind']>> = {
  authorized: 'authorization',
  captured: 'capture',
  reversed: 'reversal',
  voided: 'void',
  refunded: 'refund',
};

/** @param paid references of the refunds that were paid before this entry */
function bookedAs(entry: LedgerEntry, paid: ReadonlySet<string>): Move[] {
  const { reference, amountMinor, currency } = entry;
  if (entry.kind === 'refund_failed')
    return failed({ reference, amountMinor, currency }, paid.has(reference));
  const kind = kinds[entry.kind];
  if (kind === undefined) return [];
  return kind === 'void'
    ? [{ kind, reference, amountMinor: null, currency: null }]
    : [{ kind, reference, amountMinor, currency }];
}

function checkProvider(
  { tenants, ledger }: ProviderFacts,
  stories: ReadonlyMap<string, Story>,
  report: Report,
): void {
  const booked = new Map<string, Move[]>();
  const paid = new Set<string>();
  const causes = new Set<string>();
  for (const entry of ledger) {
    const key = keyOf(entry);
    for (const move of bookedAs(entry, paid)) {
      booked.set(key, [...(booked.get(key) ?? []), move]);
      const cause = `${move.kind} for ${entry.cause}`;
      if (causes.has(cause)) report(key, `the provider was asked twice: there are two of ${cause}`);
      causes.add(cause);
    }
    if (entry.kind === 'refunded') paid.add(entry.reference);
  }
  const ofTenants = [...stories].filter(([, { tenantId }]) => tenants.includes(tenantId));
  for (const key of new Set([...booked.keys(), ...ofTenants.map(([known]) => known)])) {
    const inStream = movesOf(stories.get(key)?.chapters.map(({ raw }) => raw) ?? []);
    const inLedger = booked.get(key) ?? [];
    const known = new Set(inStream.map(nameOf));
    const standingThere = new Set(standing(inLedger));
    const toBeKnown = inLedger.filter((move) => standingThere.has(move) || known.has(nameOf(move)));
    compare(key, { name: 'ledger', moves: toBeKnown }, { name: 'stream', moves: inStream }, report);
    let heldMinor = 0;
    for (const move of inLedger) {
      heldMinor += heldBy(move);
      if (heldMinor < 0)
        report(key, `${nameOf(move)}: the provider pays back more than it took, by ${-heldMinor}`);
    }
  }
}

interface Book {
  readonly name: string;
  readonly moves: readonly Move[];
}

/** Both ways: a move that one book has must be in the other with the same content. */
function compare(key: string, first: Book, second: Book, report: Report): void {
  const [inFirst, inSecond] = [first, second].map(
    ({ moves }) => new Map(moves.map((move) => [nameOf(move), textOf(move)])),
  ) as [Map<string, string>, Map<string, string>];
  for (const [name, text] of inFirst) {
    const other = inSecond.get(name);
    if (other === undefined) report(key, `${name} is in the ${first.name}, and not in the ${second.name}`);
    else if (other !== text)
      report(key, `${name}: ${text} in the ${first.name}, ${other} in the ${second.name}`);
  }
  for (const name of inSecond.keys()) {
    if (!inFirst.has(name)) report(key, `${name} is in the ${second.name}, and not in the ${first.name}`);
  }
}

const nameOf = ({ kind, reference }: Move): string => `${kind} ${reference}`;

/**
 * What the move adds to the money that the shop may pay back. A capture may be taken back after it was refunded, so
 * reversals do not count.
 */
function heldBy({ kind, amountMinor }: Move): number {
  if (kind === 'capture' || kind === 'refund back') return amountMinor ?? 0;
  return kind === 'refund' ? -(amountMinor ?? 0) : 0;
}
