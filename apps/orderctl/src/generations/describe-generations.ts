import type pg from 'pg';
import { count } from '#platform/counted.js';
import { listGenerations, type GenerationRecord } from '#read-models/generations/generation-list.js';
import { bytesBySchema } from '#read-models/stores/table-sizes.js';
import { table } from '../support/output.js';

/** A generation as `orderctl generations list --json` tells it. Positions are decimal strings. */
export interface DescribedGeneration {
  readonly generation: number;
  readonly role: GenerationRecord['role'];
  readonly state: GenerationRecord['state'];
  readonly ofThisRelease: boolean;
  readonly madeBy: GenerationRecord['madeBy'];
  readonly schema: string;
  readonly searchIndex: string | null;
  readonly fingerprint: string;
  readonly position: string | null;
  readonly searchPosition: string | null;
  /** Size of its tables and their indexes; 0 for a generation that shares another one's. */
  readonly tableBytes: number;
  readonly createdAt: string;
  readonly verifiedAt: string | null;
  readonly activatedAt: string | null;
  readonly failure: string | null;
}

export async function describeGenerations(pool: pg.Pool): Promise<DescribedGeneration[]> {
  const [generations, sizes] = [await listGenerations(pool), await bytesBySchema(pool)];
  return generations.map((one) => ({
    generation: one.id,
    role: one.role,
    state: one.state,
    ofThisRelease: one.ofThisRelease,
    madeBy: one.madeBy,
    schema: one.schema,
    searchIndex: one.searchIndex,
    fingerprint: one.fingerprint,
    position: one.position?.toString() ?? null,
    searchPosition: one.searchPosition?.toString() ?? null,
    tableBytes: one.rowsOf === one.id ? (sizes.get(one.schema) ?? 0) : 0,
    createdAt: one.createdAt.toISOString(),
    verifiedAt: one.verifiedAt?.toISOString() ?? null,
    activatedAt: one.activatedAt?.toISOString() ?? null,
    failure: one.failure,
  }));
}

export function generationLines(generations: readonly DescribedGeneration[]): string {
  if (generations.length === 0)
    return 'there is no generation: a projector builds the first one when it starts';
  const head = ['generation', 'state', 'release', 'built by', 'position', 'MB', 'created', 'index'];
  const lines = generations.map((one) => [
    String(one.generation),
    goodFor(one),
    one.ofThisRelease ? 'this' : 'another',
    one.madeBy,
    one.searchIndex === null
      ? (one.position ?? 'no event yet')
      : `${one.position ?? 'no event yet'}, index ${one.searchPosition ?? 'no event yet'}`,
    count(Math.round(one.tableBytes / 1_000_000)).padStart(6),
    one.createdAt,
    one.failure ?? one.searchIndex ?? '',
  ]);
  return table([head, ...lines]);
}

/** A rollback goes back to a previous generation only if it is ready; otherwise its state says why not. */
function goodFor({ role, state }: DescribedGeneration): string {
  if (role === 'active' || (role === 'previous' && state === 'ready')) return role;
  return state.replace('_', ' ');
}
