import pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import type { Facts } from '../checker/facts.js';
import { loadDocuments } from './load-documents.js';
import { loadLog, loadSnapshots } from './load-log.js';
import { loadMessages } from './load-messages.js';
import { activeGeneration, loadParked, loadRows, loadSkips } from './load-rows.js';

export interface LoadedFrom {
  readonly store: Pick<EventStore, 'subscribeToAll' | 'readStream'>;
  readonly postgresUrl: string;
  /** null: orders are searched in PostgreSQL. */
  readonly elasticsearchUrl: string | null;
  /** null: there is no Kafka. */
  readonly topic: { readonly brokers: string; readonly name: string } | null;
}

type Seen = Omit<
  Facts,
  'log' | 'streams' | 'snapshots' | 'rows' | 'parked' | 'skips' | 'unsent' | 'documents' | 'messages'
>;

/** What all stores hold now, added to what was seen during the run. */
export async function loadFacts(
  { store, postgresUrl, elasticsearchUrl, topic }: LoadedFrom,
  seen: Seen,
): Promise<Facts> {
  const db = new pg.Client({ connectionString: postgresUrl });
  await db.connect();
  try {
    const generation = await activeGeneration(db);
    if (generation === null) throw new Error('there is no active generation');
    const { index } = generation;
    return {
      ...seen,
      ...(await loadLog(store)),
      snapshots: await loadSnapshots(store),
      rows: await loadRows(db, generation),
      parked: await loadParked(db, generation),
      skips: await loadSkips(db, 'orders'),
      unsent: await loadSkips(db, 'relay'),
      documents:
        elasticsearchUrl === null || index === null ? null : await loadDocuments(elasticsearchUrl, index),
      messages: topic === null ? null : await loadMessages(topic.brokers, topic.name),
    };
  } finally {
    await db.end();
  }
}
