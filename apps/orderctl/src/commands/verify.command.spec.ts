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
      new UsageError('--topic has a meaning only with --kafka: also give --kafka or --kafka HOST:PORT,…'),
    );
  });
});
