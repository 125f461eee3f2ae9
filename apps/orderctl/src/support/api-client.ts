import { Pool } from 'undici';
import type { ApiAnswer } from './api-answer.js';
import { CliError } from './cli-error.js';
import { patiently } from './patience.js';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** With query string. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiClientOptions {
  readonly url: string;
  readonly token: string;
  /** Requests under way at once; each has its own kept-alive connection. */
  readonly connections: number;
  /** How long a request is tried again while the service is away or busy. */
  readonly patienceMs: number;
  /** Told when a request has to wait, with the reason. */
  readonly onWaiting?: (reason: string) => void;
}

const ANSWER_TIMEOUT_MS = 30_000;

/**
 * One of the APIs, as any client sees it. Waits out 429, 503 and a service that is away: all that is sent
 * through it may be sent again (reads, or mutations with an Idempotency-Key).
 */
export class ApiClient {
  readonly #pool: Pool;
  readonly #options: ApiClientOptions;
  readonly #prefix: string;

  constructor(options: ApiClientOptions) {
    const { origin, pathname } = new URL(options.url);
    this.#options = options;
    this.#prefix = pathname.replace(/\/$/, '');
    this.#pool = new Pool(origin, {
      connections: options.connections,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
      connectTimeout: 5_000,
    });
  }

  /**
   * The service's answer, whatever its status, once it is no "try again".
   *
   * @throws CliError when the service stays away longer than the client's patience.
   */
  async send(request: ApiRequest): Promise<ApiAnswer> {
    const { url, patienceMs, onWaiting } = this.#options;
    return patiently(() => this.#once(request), {
      name: url,
      patienceMs,
      ...(onWaiting ? { onWaiting } : {}),
    });
  }

  /** @throws CliError with the problem's code when the answer is no success. */
  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const answer = await this.send({ method: 'GET', path, headers });
    if (answer.status !== 200) throw new CliError(`${this.#options.url}${path}: ${describeProblem(answer)}`);
    return JSON.parse(answer.text);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #once({ method, path, body, headers }: ApiRequest): Promise<ApiAnswer> {
    const answer = await this.#pool.request({
      method,
      path: this.#prefix + path,
      headers: {
        authorization: `Bearer ${this.#options.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }
}

export interface Problem {
  readonly code: string;
  readonly detail: string;
}

/** Code and detail of a problem+json answer; anything else becomes the code `http_<status>`. */
export function problemOf({ status, text }: ApiAnswer): Problem {
  try {
    const { code, detail, title, errors } = JSON.parse(text) as {
      code?: unknown;
      detail?: unknown;
      title?: unknown;
      errors?: readonly { pointer?: string; message?: string }[];
    };
    const first = errors?.[0];
    const field = first === undefined ? '' : ` (${first.pointer ?? ''} ${first.message ?? ''})`;
    const said = typeof detail === 'string' ? detail : typeof title === 'string' ? title : '';
    return { code: typeof code === 'string' ? code : `http_${status}`, detail: `${said}${field}` };
  } catch {
    return { code: `http_${status}`, detail: text.slice(0, 200) }; // no JSON: something in between answered
  }
}

export function describeProblem(answer: ApiAnswer): string {
  const { code, detail } = problemOf(answer);
  return `${answer.status} ${code}${detail === '' ? '' : `: ${detail}`}`;
}
