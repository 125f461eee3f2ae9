import { checkCommands } from './commands.check.js';
import { checkCustomers } from './customers.check.js';
import { checkDocuments } from './documents.check.js';
import type { Facts } from './facts.js';
import { checkFeed } from './feed.check.js';
import { withIdsOfKeyless } from './keyless.js';
import { checkMessages } from './messages.check.js';
import { checkMoney } from './money.check.js';
import { checkReads } from './reads.check.js';
import { checkRows } from './rows.check.js';
import { checkSamples } from './samples.check.js';
import { checkSnapshots } from './snapshots.check.js';
import { storiesOf } from './story.js';
import { checkStreams } from './streams.check.js';
import type { Invariant, Report, Violation } from './violations.js';

/** Checks the facts of a run against each other. Pure: the same facts give the same violations. */
export async function check(seen: Facts): Promise<readonly Violation[]> {
  const violations: Violation[] = [];
  const to =
    (invariant: Invariant): Report =>
    (about, what) =>
      violations.push({ invariant, about, what });
  const stories = await storiesOf(seen);
  const facts = { ...seen, commands: withIdsOfKeyless(seen, stories) };
  checkCommands(facts.commands, stories, { I1: to('I1'), I2: to('I2') });
  checkStreams(facts, stories, to('I3'));
  checkRows(facts.rows, stories, facts.parked, to('I4'));
  if (facts.documents !== null) checkDocuments(facts.documents, facts.rows, stories, facts.parked, to('I4'));
  checkReads(facts.reads, stories, { I4: to('I4'), I9: to('I9') });
  if (facts.messages !== null) checkMessages(facts.messages, stories, facts, to('I5'));
  checkFeed(facts.feed, stories, facts, to('I5'));
  await checkSnapshots(facts, stories, to('I7'));
  checkSamples(facts.samples, facts.log, { I8: to('I8'), I9: to('I9') });
  checkMoney(facts, stories, to('I10'));
  checkCustomers(facts, stories, to('I11'));
  return violations;
}
