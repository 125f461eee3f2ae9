import type { Addresses } from './addresses.js';
import type { Bearer } from './bearer.js';
import { chunksOf } from './chunks.js';
import { NoAnswer, Problem, type FailedCall, type Redirection } from './errors.js';
import { isAway, isUnknown, mayTryAgain, pauseMs, type Failure } from './retry.js';
import { lostBy, type Transport, type TransportAnswer } from './transport.js';
import { pause, timerMs, TryTooLong, whenAborted } from './waiting.js';

/** What all calls of a client share. */
export interface CallSettings {
  readonly transport: Transport;
  readonly bearer: Bearer;
  /** Limit for the whole call, with all its tries and pauses. */
  readonly deadlineMs: number;
  /** Limit for one try, from its sending to its answer, and for each wait within an answer that streams. */
  readonly tryMs: number;
  readonly onRetry: ((retry: Retry) => void) | null;
}

/** Reported before each pause of a call. */
export interface Retry {
  readonly url: string;
  /** `answers 503 not_caught_up`, `does not answer (ECONNREFUSED)` */
  readonly reason: string;
  readonly pauseMs: number;
}

export interface Call {
  readonly addresses: Addresses;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string | null;
  readonly signal: AbortSignal | null;
  /** The type of the body that the caller reads as a stream. Any other body is read here as text; so are all with null. */
  readonly streams: string | null;
}

/** An answer that is no problem; text is null where it streams. */
export interface Received {
  readonly answer: TransportAnswer;
  readonly text: string | null;
  readonly url: string;
  readonly tries: number;
}

type Tried =
  | (Pick<Received, 'answer' | 'text'> & { readonly failure: null })
  | { readonly failure: Failure; readonly said: Said | null; readonly error: unknown };

/** What an answer says of a failure. */
interface Said {
  readonly status: number;
  readonly text: string;
  /** Where a redirection leads to; null: it is none. */
  readonly redirection: Redirection | null;
}

/**
 * Sends a request until it is answered, at any of its addresses.
 *
 * @throws Problem when the service refuses the request, or still answers "not now" at the deadline
 * @throws NoAnswer when no answer came before the deadline, there was no token to ask with, the transport failed, or the
 * token source or onRetry failed after a try
 * @throws the signal's reason; what the token source throws before anything was sent
 */
export async function answered(call: Call, settings: CallSettings): Promise<Received> {
  const untilMs = performance.now() + settings.deadlineMs;
  const tried = new Set<string>();
  let lastAnswer: Said | null = null;
  let unknown = false;
  let renewed = false;
  let tries = 0;
  let hasFailed = false;
  const known = (): FailedCall => ({ outcome: unknown ? 'unknown' : 'nothing', key: call.key, tries });
  const endBy = (what: string, url: string) => (error: unknown) => {
    call.signal?.throwIfAborted();
    if (!hasFailed) throw error; // the caller knows the errors of its own functions, and nothing was sent
    throw new NoAnswer(url, `could not be asked again: ${what} failed`, known(), error);
  };
  for (;;) {
    const url = call.addresses.preferred;
    const token = await settings.bearer
      .get(untilMs - performance.now(), call.signal)
      .catch(endBy('the token source', url));
    if (token === null)
      throw new NoAnswer(url, 'could not be asked: the token source gave no token in time', known(), null);
    const leftMs = untilMs - performance.now();
    const wasLast = leftMs <= settings.tryMs;
    tries++;
    const one = await tryOnce(call, url, token, leftMs, settings).catch((error: unknown) => {
      call.signal?.throwIfAborted();
      unknown ||= call.key !== null; // what the transport did of it, nobody knows
      throw new NoAnswer(url, `gave no answer: the transport failed (${messageOf(error)})`, known(), error);
    });
    if (one.failure === null) return { answer: one.answer, text: one.text, url, tries };
    hasFailed = true;
    const { failure, said, error } = one;
    unknown ||= call.key !== null && isUnknown(failure);
    if (failure.kind === 'answered' && failure.status === 401) {
      settings.bearer.refuse(token);
      if (failure.code === 'token_expired' && settings.bearer.canRenew && !renewed) {
        renewed = true;
        continue;
      }
    } else renewed = false;
    lastAnswer = said ?? lastAnswer;
    const giveUp = () =>
      // A try that the deadline cut off says less than the last answer.
      lastAnswer !== null && (failure.kind === 'answered' || (failure.code === 'ETIMEDOUT' && wasLast))
        ? new Problem(lastAnswer.status, lastAnswer.text, known(), lastAnswer.redirection)
        : new NoAnswer(url, reasonOf(failure), known(), error);
    if (!mayTryAgain(failure)) throw giveUp();
    tried.add(url);
    call.addresses.moveOn(url);
    // No pause is needed before an address that was not tried since the last pause.
    const anotherIsLeft = isAway(failure) && !tried.has(call.addresses.preferred);
    const restMs = untilMs - performance.now();
    const waitMs = anotherIsLeft ? 0 : pauseMs(failure, tries - 1, restMs);
    if (waitMs >= restMs) throw giveUp();
    if (waitMs === 0) continue;
    try {
      settings.onRetry?.({ url, reason: reasonOf(failure), pauseMs: waitMs });
    } catch (error) {
      endBy('onRetry', url)(error);
    }
    await pause(waitMs, call.signal);
    tried.clear();
  }
}

async function tryOnce(
  call: Call,
  url: string,
  token: string,
  leftMs: number,
  { transport, tryMs }: CallSettings,
): Promise<Tried> {
  call.signal?.throwIfAborted();
  // A timer of its own: Node may collect a timeout that only AbortSignal.any refers to (nodejs/node#57736).
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(new TryTooLong()), timerMs(Math.min(tryMs, leftMs)));
  const { signal } = call;
  const stopListening = signal === null ? () => {} : whenAborted(signal, () => ending.abort(signal.reason));
  let streaming = false;
  try {
    const { method, body } = call;
    const headers = { ...call.headers, authorization: `Bearer ${token}` };
    const answer = await transport({ method, url: url + call.path, headers, body, signal: ending.signal });
    const { status } = answer;
    if (status < 300 || status === 304) {
      streaming = status === 200 && call.streams !== null && isOfType(answer, call.streams);
      if (!streaming) return { answer, text: await answer.text(), failure: null };
      const chunks = () => chunksOf(answer.stream(), tryMs, call.signal);
      return { answer: streamingOf(answer, chunks, ending, stopListening), text: null, failure: null };
    }
    const text = await answer.text();
    const redirection = status < 400 ? redirectionOf(answer.header('location'), url, call.path) : null;
    return { failure: failureOf(answer, text), said: { status, text, redirection }, error: null };
  } catch (error) {
    call.signal?.throwIfAborted();
    const lost = ending.signal.aborted ? ({ lost: 'unknown', code: 'ETIMEDOUT' } as const) : lostBy(error);
    if (lost === null) throw error;
    return { failure: { kind: 'lost', ...lost }, said: null, error };
  } finally {
    clearTimeout(timer);
    if (!streaming) stopListening(); // a streaming answer must still end with the signal
  }
}

/**
 * The same answer with these chunks. It ends the request when they fail, and calls `ended` once they are read no
 * further.
 */
function streamingOf(
  answer: TransportAnswer,
  chunks: () => AsyncGenerator<Uint8Array>,
  request: AbortController,
  ended: () => void,
): TransportAnswer {
  return {
    status: answer.status,
    header: (name) => answer.header(name),
    text: () => answer.text(),
    async *stream() {
      try {
        yield* chunks();
      } catch (error) {
        request.abort(error);
        throw error;
      } finally {
        ended();
      }
    },
  };
}

/** The error of an answer that began and did not come whole. Only reads stream: nothing was done. */
export function brokenOff(url: string, tries: number, error: unknown): NoAnswer {
  const code = error instanceof TryTooLong ? 'ETIMEDOUT' : lostBy(error)?.code;
  const why = code ?? messageOf(error);
  return new NoAnswer(url, `broke off its answer (${why})`, { outcome: 'nothing', key: null, tries }, error);
}

/** Where the same path is asked for elsewhere, such as by https, what stands before the path is the address to use. */
function redirectionOf(location: string | null, url: string, path: string): Redirection | null {
  if (location === null || !URL.canParse(location, url + path)) return null;
  const { href } = new URL(location, url + path);
  return href.endsWith(path)
    ? { to: href.slice(0, -path.length), isAddress: true }
    : { to: href, isAddress: false };
}

function isOfType(answer: TransportAnswer, type: string): boolean {
  const [given = ''] = (answer.header('content-type') ?? '').split(';');
  return given.trim().toLowerCase() === type;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function failureOf(answer: TransportAnswer, text: string): Failure {
  const { code } = new Problem(answer.status, text, { outcome: 'nothing', key: null, tries: 0 });
  return { kind: 'answered', status: answer.status, code, retryAfter: answer.header('retry-after') };
}

function reasonOf(failure: Failure): string {
  if (failure.kind === 'lost') return `does not answer (${failure.code})`;
  return `answers ${failure.status} ${failure.code}`;
}
