import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { StreamableFile, type ExecutionContext } from '@nestjs/common';
import { lastValueFrom, of } from 'rxjs';
import type { Sources } from './sources.js';
import { TellsPosition } from './tells-position.interceptor.js';

describe('a position told with an answer', () => {
  it('ends what was going to be streamed where it cannot be read', async () => {
    let reads = 0;
    const read = async () => {
      if (reads++ > 0) throw new Error('Connection terminated');
      return 1;
    };
    const request = { principal: { tenantId: 'default', customerId: null }, headers: {} };
    const http = { getRequest: () => request, getResponse: () => ({}) };
    const context = { switchToHttp: () => http } as unknown as ExecutionContext;
    const stream = Readable.from(['an order']);
    const answers = await new TellsPosition({ models: { read } } as unknown as Sources).intercept(context, {
      handle: () => of(new StreamableFile(stream)),
    });
    await expect(lastValueFrom(answers)).rejects.toThrow('Connection terminated');
    expect(stream.destroyed).toBe(true);
  });
});
