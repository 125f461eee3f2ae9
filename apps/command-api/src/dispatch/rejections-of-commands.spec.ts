import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rejectionCodes } from '#domain/order/rejections.js';
import { play, stories } from '#domain/testing/story.js';
import { commonRejections, rejectionsOfCommands } from './rejections-of-commands.js';

describe('the refusals in the description of the API', () => {
  it('are all that the order knows', () => {
    const described = new Set([...commonRejections, ...Object.values(rejectionsOfCommands).flat()]);
    expect([...described].sort()).toEqual([...rejectionCodes].sort());
  });

  it('are, for each command, at least those that it meets in any story', () => {
    fc.assert(
      fc.property(stories({ minLength: 20, maxLength: 60 }), (turns) => {
        for (const { command, rejected } of play(turns)) {
          if (rejected === null) continue;
          const described = [...commonRejections, ...rejectionsOfCommands[command.type]] as string[];
          if (!described.includes(rejected)) throw new Error(`${command.type} met ${rejected}`);
        }
      }),
      { numRuns: 200 },
    );
  });
});
