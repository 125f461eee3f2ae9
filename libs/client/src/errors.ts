import type { components } from './generated/command-api.js';

/** A code that the APIs answer with (docs/errors.md), or `http_502` and the like where a proxy answered. */
export type ProblemCode = components['schemas']['Problem']['code'] | `http_${number}`;

/** One field that is wrong. */
export interface FieldError {
  /** JSON pointer into the body, or `/name` of a parameter (`/name/1` for the second of its values). */
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/**
 * What a failed call may have changed. `nothing`: no try of it changed anything, whatever an earlier call with the same
 * key did. `unknown`: one of its tries may have been done. Sent again with the same `key`, a change is done once, not
 * twice.
 */
export type Outcome = 'nothing' | 'unknown';

export interface FailedCall {
  readonly outcome: Outcome;
  /** The Idempotency-Key that the request went out with; null: the request is a read. */
  readonly key: string | null;
  /** How often the client sent the request, or tried to. */
  readonly tries: number;
}

/** The service said no: a problem document (RFC 9457), as an error. */
export class Problem extends Error implements FailedCall {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: ProblemCode;
  readonly title: string;
  /** What happened in this case, or what to do. */
  readonly detail: string;
  readonly errors: readonly FieldError[];
  /** The id of the request in the service's log; null when a proxy answered. */
  readonly traceId: string | null;
  /** The whole document, with the fields that only some codes have (`allowedCommands`, `behind`). */
  readonly document: Readonly<Record<string, unknown>>;
  readonly outcome: Outcome;
  readonly key: string | null;
  readonly tries: number;

  /** @param redirection where the answer leads to, if it is one */
  constructor(
    status: number,
    text: string,
    { outcome, key, tries }: FailedCall,
    redirection: Redirection | null = null,
  ) {
    const document = objectIn(text);
    const { code, title, detail, errors, traceId } = document;
    const known = typeof code === 'string' ? (code as ProblemCode) : (`http_${status}` as const);
    const said = [detail, title].find((one) => typeof one === 'string') ?? toldBy(status, text, redirection);
    super(`${status} ${known}${said === '' ? '' : `: ${said}`}${fieldsIn(errors)}`);
    this.status = status;
    this.code = known;
    this.title = typeof title === 'string' ? title : '';
    this.detail = said;
    this.errors = Array.isArray(errors) ? (errors as FieldError[]) : [];
    this.traceId = typeof traceId === 'string' ? traceId : null;
    this.document = document;
    this.outcome = outcome;
    this.key = key;
    this.tries = tries;
  }
}

export interface Redirection {
  readonly to: string;
  /** Whether it is the address of the API elsewhere. */
  readonly isAddress: boolean;
}

/**
 * No answer came in time: every address was away or silent until the deadline, or there was no token. Or the transport
 * failed, the client could not go on after a try, or an export broke off: `cause` is the error.
 */
export class NoAnswer extends Error implements FailedCall {
  override readonly name = 'NoAnswer';
  readonly url: string;
  readonly outcome: Outcome;
  readonly key: string | null;
  readonly tries: number;

  constructor(url: string, reason: string, { outcome, key, tries }: FailedCall, cause: unknown) {
    super(`${url} ${reason} (tries: ${tries})`, { cause });
    this.url = url;
    this.outcome = outcome;
    this.key = key;
    this.tries = tries;
  }
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const content = JSON.parse(text) as unknown;
    return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : {};
  } catch {
    return {}; // the text is no problem document: it becomes the detail
  }
}

/** What an answer says that is no problem document. */
function toldBy(status: number, text: string, redirection: Redirection | null): string {
  if (redirection !== null)
    return `redirects to ${redirection.to}${redirection.isAddress ? ': give that address' : ''}`;
  if (status < 300 && text === '') return 'the answer has no body';
  return text.slice(0, 200);
}

function fieldsIn(errors: unknown): string {
  const [first] = Array.isArray(errors) ? (errors as Partial<FieldError>[]) : [];
  return first === undefined ? '' : ` (${first.pointer ?? ''} ${first.message ?? ''})`;
}
