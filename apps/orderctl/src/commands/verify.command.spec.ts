import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { UsageError } from '../support/cli-error.js';
import { addVerifyCommand } from './verify.command.js';

describe('orderctl verify', () => {
  it('refuses a topic that it would not look at', async () => {
    const program = new Command();
    addVerifyCommand(program);
    const verifying = program.parseAsync(['verify', '--topic', 'orders.events.v1'], { from: 'user' });
    await expect(verifying).rejects.toThrow(
      new UsageError('--topic is read only with --kafka: give --kafka or --kafka HOST:PORT,… too'),
    );
  });
});
