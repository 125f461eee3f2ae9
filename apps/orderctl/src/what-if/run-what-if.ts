import type { EventStore } from '#event-store/port.js';
import { count, counted } from '#platform/counted.js';
import type { OpenReadModels } from '../support/read-models.js';
import { onInterruption } from '../support/interruption.js';
import { nowAndThen } from '../support/now-and-then.js';
import { printable, printJson } from '../support/output.js';
import { loadDefinition } from './definition.js';
import { whatIf, type WhatIfReport } from './what-if.js';

const SHOWN_FIELDS = 30;
const SHOWN_ORDERS = 10;
const SHOWN_CHANGES = 3;

/**
 * `orderctl replay --what-if DEFINITION.js`.
 * @throws CliError when the file is no definition
 */
export async function runWhatIf(
  path: string,
  { pool, generation }: OpenReadModels,
  eventStore: Pick<EventStore, 'readStream' | 'headPosition'>,
  { json = false }: { readonly json?: boolean },
): Promise<void> {
  const definition = await loadDefinition(path);
  const tell = (line: string) => void process.stderr.write(`${line}\n`);
  const { asked, forget } = onInterruption(tell, 'the orders under way');
  const onProgress = nowAndThen((orders: number) => tell(`orders compared: ${count(orders)}`));
  try {
    const report = await whatIf({ eventStore, pool, generation, definition, onProgress, asked });
    if (json) printJson(report, { pretty: false });
    else console.log(reportLines(report).map(printable).join('\n'));
    if (!report.complete) process.exitCode = 1;
  } finally {
    forget();
  }
}

export function reportLines(report: WhatIfReport): string[] {
  const { orders, events, differing, failing, deleted, fields, changed, complete, seconds } = report;
  const lines = changed
    .slice(0, SHOWN_ORDERS)
    .flatMap(({ tenantId, orderId, changes, changeCount, failure }) => [
      `${tenantId}.${orderId}${failure === null ? '' : ` cannot be folded: ${failure}`}`,
      ...changes.slice(0, SHOWN_CHANGES).map(({ path, revision, now, then }) => {
        const after = revision === null ? '' : ` after revision ${revision}`;
        return `  ${path}${after}: ${now ?? 'nothing'} would be ${then ?? 'nothing'}`;
      }),
      ...(changeCount > SHOWN_CHANGES ? [`  … ${changeCount - SHOWN_CHANGES} more`] : []),
    ]);
  if (changed.length > SHOWN_ORDERS) lines.push('… more orders (--json lists up to 1,000)');
  if (fields.length > 0) lines.push('');
  for (const { path, orders: differ } of fields.slice(0, SHOWN_FIELDS))
    lines.push(`${count(differ).padStart(10)} orders  ${path}`);
  const cut = complete ? '' : ', not all of them,';
  const broken = failing === 0 ? '' : `, ${count(failing)} cannot be folded`;
  const gone = deleted === 0 ? '' : `, ${counted(deleted, 'stream was', 'streams were')} deleted`;
  lines.push(
    `${counted(orders, 'order')}${cut} with ${counted(events, 'event')} in ${seconds.toFixed(1)} s: ${count(differing)} would differ${broken}${gone}; nothing was changed`,
  );
  return lines;
}
