import { until } from './until.js';

const CAUGHT_UP_WITHIN_MS = 60_000;

/**
 * The answer to a read that waits for what was written. On a busy machine the read models may need longer than one
 * read waits: then they say so, and are asked again.
 */
export function caughtUpAnswer<Answer extends { readonly status: number; readonly text: string }>(
  ask: () => Promise<Answer>,
): Promise<Answer> {
  return until(
    'the read models are as far as the read asks for',
    async () => {
      const answer = await ask();
      return !isBehind(answer) && answer;
    },
    CAUGHT_UP_WITHIN_MS,
  );
}

function isBehind({ status, text }: { readonly status: number; readonly text: string }): boolean {
  return status === 503 && (JSON.parse(text) as { code?: string }).code === 'not_caught_up';
}
