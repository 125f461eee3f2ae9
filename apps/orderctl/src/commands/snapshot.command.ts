import type { Command } from 'commander';
import { eventCodec } from '#event-store/codec.js';
import { OrderStreams } from '#event-store/order-streams.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import { openSnapshots } from '#event-store/snapshots/open-snapshots.js';
import { count, counted } from '#platform/counted.js';
import { Patience } from '../events/stored-order-events.js';
import { Progress } from '../support/progress.js';
import { dropSnapshots, rebuildSnapshots, verifySnapshots } from '../snapshots/snapshot-work.js';
import type { Counted, SnapshotWork } from '../snapshots/each-order.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { withEventStore } from '../support/event-store.js';
import { onInterruption } from '../support/interruption.js';
import { lookTeller } from '../support/look-teller.js';
import { printLine, printJson } from '../support/output.js';
import { wholeNumber } from '../support/whole-number.js';

interface SnapshotOptions extends ConnectionOptions {
  readonly json?: boolean;
}

const SHOWN_FINDINGS = 20;

export function addSnapshotCommand(program: Command): void {
  const snapshot = program
    .command('snapshot')
    .description(
      'verify, rebuild or drop the snapshots that make long orders quick to load; events are not touched',
    );
  const commands = [
    snapshot
      .command('verify')
      .description('compare every snapshot with the events that it stands for; exit code 1 when one is wrong')
      .action((options: SnapshotOptions) => run(options, verifySnapshots)),
    snapshot
      .command('rebuild')
      .description('write the snapshots that are missing, wrong, far behind or of another release')
      .option(
        '--min-events <events>',
        'orders with fewer events need no snapshot; a wrong one is replaced',
        wholeNumber(2),
        100,
      )
      .action((options: SnapshotOptions & { readonly minEvents: number }) =>
        run(options, (work) => rebuildSnapshots(work, options.minEvents)),
      ),
    snapshot
      .command('drop')
      .description('hide all snapshots; orders are folded from their events until others are written')
      .action((options: SnapshotOptions) => run(options, dropSnapshots)),
  ];
  for (const command of commands) {
    command.option('--json', 'print the result as JSON').exitOverride();
    withConnection(command, ['eventStoreUrl'], { token: false });
  }
}

async function run(options: SnapshotOptions, work: (work: SnapshotWork) => Promise<Counted>): Promise<void> {
  const url = await new Connection(options).address('eventStoreUrl');
  let progress: Progress | null = null;
  const tell = (line: string) =>
    progress === null ? void process.stderr.write(`${line}\n`) : progress.tell(line);
  const interruption = onInterruption(tell, 'this order');
  const look = lookTeller(tell);
  try {
    const result = await withEventStore(url, (store) => {
      const codec = eventCodec(plainPersonal);
      return work({
        store,
        snapshots: openSnapshots(store, codec.personal),
        streams: new OrderStreams(store, codec),
        patience: new Patience(tell, interruption.asked),
        onLooked: (events) => look('looking for orders', events),
        onStart: (orders) => (progress = new Progress(orders, 'orders')),
        onOrder: () => progress?.advance(1),
        stopAsked: interruption.asked,
      });
    });
    endOf(progress);
    if (options.json) printJson(result, { pretty: false });
    else report(result);
    process.exitCode = result.stopped || result.findings.length > 0 ? 1 : 0;
  } finally {
    endOf(progress);
    interruption.forget();
  }
}

function endOf(progress: Progress | null): void {
  progress?.end();
}

function report({ orders, outcomes, findings, stopped }: Counted): void {
  for (const { stream, what } of findings.slice(0, SHOWN_FINDINGS)) printLine(`${stream}  ${what}`);
  if (findings.length > SHOWN_FINDINGS) {
    console.log(`… ${count(findings.length - SHOWN_FINDINGS)} more (--json lists up to 1,000)`);
  }
  const parts = Object.entries(outcomes).map(([outcome, number]) => `${count(number)} ${outcome}`);
  console.log(`${counted(orders, 'order')}: ${parts.join(', ') || 'nothing to do'}`);
  if (stopped) console.log('stopped before the end: run the same command again, it goes through all orders');
}
