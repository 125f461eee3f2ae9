import { runScript } from '../import/script-runner.js';
import { openApi } from '../support/api.js';
import { CliError } from '../support/cli-error.js';
import { readJson, writeJson, type DataFolder } from '../system/data-folder.js';
import { demoScripts, SHOWPIECE } from './demo-orders.js';

export const DEMO_TENANT = 'demo';

/**
 * The content of `demo.json` in the data folder. The day is chosen once, so that a demo that was cut off goes on.
 */
interface DemoState {
  readonly day: string;
  readonly done: boolean;
}

const DAY_MS = 24 * 3_600_000;
const PATIENCE_MS = 20_000;

/**
 * Plays yesterday in a shop through the HTTP API, on the first start only.
 *
 * @returns the reference of the order with most to show
 * @throws CliError when the service refuses a demo command
 */
export async function playDemoDay(
  folder: DataFolder,
  { commandUrl }: { readonly commandUrl: string },
  token: string,
): Promise<string> {
  const known = (await readJson(
    folder.demo,
    'put back a copy of it, or start with --no-demo',
  )) as DemoState | null;
  if (known?.done) return SHOWPIECE;
  const day = known?.day ?? new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
  await writeJson(folder.demo, { day, done: false } satisfies DemoState);
  const { client, close } = openApi({ commandUrl, token, connections: 4, patienceMs: PATIENCE_MS });
  try {
    await Promise.all(
      demoScripts(day).map(async (script) => {
        const outcome = await runScript(script, { client, onStep: () => {}, stopped: () => false });
        if (outcome.kind === 'refused') throw new CliError(`demo order ${outcome.line}`);
      }),
    );
  } finally {
    await close();
  }
  await writeJson(folder.demo, { day, done: true } satisfies DemoState);
  return SHOWPIECE;
}
