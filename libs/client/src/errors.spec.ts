import { describe, expect, it } from '@jest/globals';
import { Problem } from './errors.js';

const failed = { outcome: 'nothing', key: null, tries: 1 } as const;

describe('a problem', () => {
  it('has what its document says', () => {
    const document = {
      type: 'urn:orderlog:problem:validation_failed',
      title: 'Some fields are not valid',
      status: 400,
      detail: 'See errors.',
      code: 'validation_failed',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      errors: [{ pointer: '/lines/0/quantity', code: 'not_an_integer', message: 'must be a whole number' }],
      more: 1,
    };
    const problem = new Problem(400, JSON.stringify(document), failed);
    const { code, status, title, detail, traceId, errors } = document;
    expect(problem).toMatchObject({ code, status, title, detail, traceId, errors, document, ...failed });
    expect(problem).toBeInstanceOf(Error);
    expect(problem.message).toBe(
      '400 validation_failed: See errors. (/lines/0/quantity must be a whole number)',
    );
  });

  it.each([
    ['a page', '<html>Bad Gateway</html>', '502 http_502: <html>Bad Gateway</html>'],
    ['nothing', '', '502 http_502'],
    ['a list', '[]', '502 http_502: []'],
  ])('is one too where something in between answers with %s', (_, text, message) => {
    const problem = new Problem(502, text, failed);
    expect(problem).toMatchObject({ message, code: 'http_502', traceId: null, errors: [], document: {} });
  });
});
