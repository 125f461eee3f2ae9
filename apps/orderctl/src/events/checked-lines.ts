import { parseOrderStream } from '#event-store/streams.js';
import { CliError } from '../support/cli-error.js';
import { eventOf, lineOf, type EventOfStream } from './event-line.js';
import { WholeStreams } from './whole-streams.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SHOWN_CHARACTERS = 100;

/**
 * Accepts the lines of a file of events in their order, as long as each could have been written by an export: an
 * event of an order, with each stream complete from its first event. The hashes tell that a file was not changed,
 * not who wrote it. Without this check any other line would be appended too, such as the deletion of an order, or
 * a snapshot that matches no order.
 */
export class CheckedLines {
  readonly #path: string;
  readonly #streams = new WholeStreams();
  /** Line number as `zcat` shows the file: the header is line 1. */
  #number = 1;

  constructor(path: string) {
    this.#path = path;
  }

  get orders(): number {
    return this.#streams.count;
  }

  /** @throws CliError that names the line */
  add(line: string): EventOfStream {
    this.#number += 1;
    try {
      const event = orderEventOf(line);
      this.#streams.add(event);
      return event;
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      throw new CliError(`${this.#path} line ${this.#number}: ${error.message}`, { cause: error });
    }
  }

  /** Passes the line that ends a chunk. */
  endChunk(): void {
    this.#number += 1;
  }
}

/** @throws CliError that says what is wrong with the line */
function orderEventOf(line: string): EventOfStream {
  const event = eventOrNull(line);
  if (event === null) throw new CliError('it is not an event as `orderctl events export` writes it');
  const { stream, type, eventId } = event;
  if (parseOrderStream(stream) === null) throw new CliError(`${shown(stream)} is not the stream of an order`);
  if (type.startsWith('$'))
    throw new CliError(
      `its type ${shown(type)} begins with $, as only those of the event store's own events do`,
    );
  if (!UUID.test(eventId)) throw new CliError(`its id ${shown(eventId)} is not a UUID`);
  return event;
}

function eventOrNull(line: string): EventOfStream | null {
  try {
    const event = eventOf(line);
    const texts: readonly unknown[] = [event.stream, event.eventId, event.type, event.contentType];
    const isWhole = texts.every((text) => typeof text === 'string' && text !== '');
    // A line in any other form would differ from the imported event in every later comparison.
    return isWhole && lineOf(event) === line ? event : null;
  } catch {
    return null; // no JSON, or a field is missing or of the wrong type
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
}
