import { counted } from '#platform/counted.js';
import { table } from '../support/output.js';
import { minute, staleLine } from './order-view.js';

/** As query-api answers `/v1/orders/{id}/diff`. */
export interface ShownDiff {
  readonly orderId: string;
  readonly from: { readonly revision: number } | null;
  readonly to: { readonly revision: number };
  readonly changes: readonly ShownChange[];
  readonly stale?: true;
  readonly staleReason?: string;
}

interface ShownChange {
  readonly pointer: string;
  readonly op: 'add' | 'remove' | 'replace';
  readonly from?: unknown;
  readonly to?: unknown;
  readonly by: readonly {
    readonly revision: number;
    readonly type: string;
    readonly actor: { readonly type: string; readonly id: string };
    readonly occurredAt: string;
  }[];
  readonly earlier?: number;
}

const LONGEST_VALUE = 60;

/** One line for each change, followed by the events that made it. */
export function diffText(diff: ShownDiff): string {
  const { orderId, from, to, changes } = diff;
  const range = `${from === null ? 'before it was placed' : `revision ${from.revision}`} to revision ${to.revision}`;
  if (changes.length === 0) return `${staleLine(diff)}Order ${orderId}, ${range}: no change`;
  const rows = changes.flatMap((change) => [
    [change.pointer, valueText(change)],
    ...(change.earlier === undefined ? [] : [['', `  ${counted(change.earlier, 'earlier event')}, and`]]),
    ...change.by.map(({ revision, type, actor, occurredAt }) => [
      '',
      `  #${revision} ${type} by ${actor.type} ${actor.id}, ${minute(occurredAt)}`,
    ]),
  ]);
  return `${staleLine(diff)}Order ${orderId}, ${range}\n\n${table(rows)}`;
}

function valueText({ op, from, to }: ShownChange): string {
  if (op === 'add') return `+ ${short(to)}`;
  if (op === 'remove') return `- ${short(from)}`;
  return `${short(from)} → ${short(to)}`;
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 1)}…`;
}
