import { describe, expect, it } from '@jest/globals';
import { rejectionCodes } from '#domain/order/rejections.js';
import { commonRejections, rejectionsOfCommands } from './rejections-of-commands.js';

describe('the refusals in the description of the API', () => {
  it('are all that the order knows', () => {
    const described = new Set([...commonRejections, ...Object.values(rejectionsOfCommands).flat()]);
    expect([...described].sort()).toEqual([...rejectionCodes].sort());
  });
});
