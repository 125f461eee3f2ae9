import { fetchTransport, lostBy, type Transport } from '#client/transport.js';

/** What a client forgave by itself, and what it would have: nobody who ends may break off what he has taken. */
export interface Forgiven {
  refused: number;
  unavailable: number;
  readonly failures: string[];
}

const OTHERS = new Set([429, 500, 502, 504]);

/**
 * The client's own way to send, which notes what becomes of each try. A refused connection and a 503 are what a client
 * has to expect; anything else that it would send again for, a broken connection say, is a failure.
 */
export function strictTransport(forgiven: Forgiven): Transport {
  const noting = async <T>(what: string, trying: Promise<T>): Promise<T> => {
    try {
      return await trying;
    } catch (error) {
      if (lostBy(error)?.code === 'ECONNREFUSED') forgiven.refused += 1;
      else forgiven.failures.push(`${what}: ${String(error)} (${lostBy(error)?.code ?? 'no code'})`);
      throw error;
    }
  };
  return async (request) => {
    const what = `${request.method} ${request.url}`;
    const answer = await noting(what, fetchTransport(request));
    if (answer.status === 503) forgiven.unavailable += 1;
    if (OTHERS.has(answer.status)) forgiven.failures.push(`${what}: ${answer.status}`);
    return { ...answer, text: () => noting(what, answer.text()) };
  };
}
