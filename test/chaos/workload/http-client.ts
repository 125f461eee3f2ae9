import { Agent, request } from 'undici';

export interface HttpAsked {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly body?: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export type OnAnswer = (asks: string, answer: HttpAnswer) => void;

/** Shorter than the time after which the apps give up on a store: some clients are impatient. */
const ANSWER_LIMIT_MS = 4_000;

/** Sends each request once. Where no answer comes, it returns the reason as text. */
export class HttpClient {
  readonly #agent = new Agent({ connections: 4, pipelining: 1, connect: { timeout: 3_000 } });
  readonly #onAnswer: OnAnswer;
  readonly #answerLimitMs: number;

  /**
   * @param onAnswer is given every answer, whatever the request
   * @param pace how many times as quick as usual whom it asks is, and so how much sooner it gives up
   */
  constructor({ onAnswer = () => {}, pace = 1 }: { onAnswer?: OnAnswer; pace?: number } = {}) {
    this.#onAnswer = onAnswer;
    this.#answerLimitMs = ANSWER_LIMIT_MS / pace;
  }

  async send(url: string, { method, body, headers }: HttpAsked): Promise<HttpAnswer | string> {
    try {
      const answer = await request(url, {
        dispatcher: this.#agent,
        method,
        headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(this.#answerLimitMs),
      });
      const text = await answer.body.text();
      const { statusCode: status, headers: answered } = answer;
      const whole = { status, headers: answered, body: parsed(text, answered) };
      this.#onAnswer(`${method} ${new URL(url).pathname}`, whole);
      return whole;
    } catch (error) {
      return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

/** NDJSON is returned as `items`, one for each line. */
function parsed(text: string, headers: HttpAnswer['headers']): HttpAnswer['body'] {
  if (String(headers['content-type']).startsWith('application/x-ndjson')) {
    const lines = text.split('\n').filter((line) => line !== '');
    return { items: lines.map((line) => JSON.parse(line) as unknown) };
  }
  return text === '' ? {} : (JSON.parse(text) as HttpAnswer['body']);
}
