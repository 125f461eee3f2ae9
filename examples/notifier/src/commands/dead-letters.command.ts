import { openDatabase } from '../database.js';
import { DeadLetters, type DeadLetter } from '../dead-letters.js';
import { Inbox } from '../inbox.js';
import { kafkaOf } from '../kafka.js';
import { readOrderEvent, type Bounds } from '../order-event.js';
import { boundsOf, type Settings } from '../settings.js';
import { UsageError, type Command } from './command.js';

/** Prints one JSON object a line: a dead letter, and the state of its message now. */
export const listDeadLetters: Command = {
  options: {},
  parameters: 0,
  execute: (settings) =>
    withDeadLetters(settings, async (deadLetters, inbox) => {
      for (const letter of await deadLetters.read()) {
        const { key, raw, ...told } = letter;
        const about = {
          ...key,
          event: raw.headers['ce_type'] ?? null,
          order: raw.headers['ce_subject'] ?? null,
        };
        print({ ...told, ...about, now: key === null ? null : await inbox.stateOf(key) });
      }
    }),
};

/**
 * Puts dead letters back into the inbox. A message that is dead there is tried again, from its first attempt on.
 * All other messages stay as they are, so that a replay may be repeated. An event that can be read now leads to its
 * messages, unless it has become too old: its rows may have been deleted since an earlier replay.
 */
export const replayDeadLetters: Command = {
  options: { all: { type: 'boolean' }, from: { type: 'string' }, to: { type: 'string' } },
  parameters: 0,
  async execute(settings, { all, from, to }) {
    if ((all === undefined) === (from === undefined))
      throw new UsageError('give either --all or --from OFFSET');
    if (all !== undefined && to !== undefined) throw new UsageError('--to needs --from');
    const [first, last] = [offsetOf(from) ?? 0n, offsetOf(to)];
    await withDeadLetters(settings, async (deadLetters, inbox) => {
      const bounds = boundsOf(settings);
      const done = { replayed: 0, leftAsTheyAre: 0, stillMalformed: 0, tooOld: 0 };
      for (const letter of await deadLetters.read(first, last)) done[await replay(letter, inbox, bounds)]++;
      print(done);
    });
  },
};

export async function replay(
  { key, raw }: Pick<DeadLetter, 'key' | 'raw'>,
  inbox: Inbox,
  bounds: Bounds,
): Promise<'replayed' | 'leftAsTheyAre' | 'stillMalformed' | 'tooOld'> {
  if (key !== null) return (await inbox.revive(key)) ? 'replayed' : 'leftAsTheyAre';
  // This event could not be read when it came. Perhaps it can be read now.
  const reading = readOrderEvent(raw, bounds);
  if (reading.kind === 'ignored' && reading.why === 'age') return 'tooOld';
  if (reading.kind !== 'event') return 'stillMalformed';
  return (await inbox.accept([{ event: reading.event, raw }])) > 0 ? 'replayed' : 'leftAsTheyAre';
}

async function withDeadLetters(
  settings: Settings,
  work: (deadLetters: DeadLetters, inbox: Inbox) => Promise<void>,
): Promise<void> {
  const pool = await openDatabase(settings.NOTIFIER_POSTGRES_URL, settings.NOTIFIER_SCHEMA, 1);
  try {
    const deadLetters = new DeadLetters(kafkaOf(settings), settings.NOTIFIER_DEAD_LETTERS_TOPIC);
    await work(deadLetters, new Inbox(pool));
  } finally {
    await pool.end();
  }
}

function offsetOf(text: string | boolean | undefined): bigint | null {
  if (text === undefined) return null;
  if (typeof text !== 'string' || !/^\d{1,18}$/.test(text))
    throw new UsageError('an offset must be a whole number');
  return BigInt(text);
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
