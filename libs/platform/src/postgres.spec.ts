import { describe, expect, it } from '@jest/globals';
import { connectionWith, createPool, isUnavailable } from './postgres.js';

const withCode = (code: string) => Object.assign(new Error('x'), { code });

describe('PostgreSQL being away', () => {
  it('is told from a statement being wrong', () => {
    expect(isUnavailable(withCode('ECONNREFUSED'))).toBe(true);
    expect(isUnavailable(withCode('57P01'))).toBe(true);
    expect(isUnavailable(withCode('25P03'))).toBe(true);
    expect(isUnavailable(withCode('25P04'))).toBe(true);
    expect(isUnavailable(withCode('57P05'))).toBe(true);
    expect(isUnavailable(withCode('08006'))).toBe(true);
    expect(isUnavailable(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isUnavailable(new Error('timeout expired'))).toBe(true); // a timeout of connecting
    expect(isUnavailable(new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]))).toBe(
      true,
    );
    expect(isUnavailable(withCode('42601'))).toBe(false);
    expect(isUnavailable(withCode('57014'))).toBe(false);
    expect(isUnavailable(new Error('anything'))).toBe(false);
    expect(isUnavailable('ECONNREFUSED')).toBe(false);
  });

  it('is what a pool says when nothing listens', async () => {
    const pool = createPool('postgres://x@127.0.0.1:1/x', {
      max: 1,
      applicationName: 'test',
      statementTimeoutMs: 0,
    });
    const error: unknown = await pool.query('SELECT 1').catch((reason: unknown) => reason);
    expect(isUnavailable(error)).toBe(true);
    await pool.end();
  });
});

describe('settings of a connection', () => {
  const at = 'postgres://u:p@h/d';

  it.each([
    [at, at, ''],
    [`${at}?options=-c%20b%3D2`, `${at}?`, '-c b=2 '],
    [`${at}?options=-c b=2&sslmode=disable`, `${at}?sslmode=disable`, '-c b=2 '],
    [`${at}?sslmode=disable&options=-c+b=2`, `${at}?sslmode=disable&`, '-c b=2 '],
    [`${at}?options=-c+b=3&options=-c+b=2&x=1`, `${at}?x=1`, '-c b=2 '],
    ['postgres://u:a&options=p@h/d', 'postgres://u:a&options=p@h/d', ''],
    [`${at}?my_options=1`, `${at}?my_options=1`, ''],
  ])('come after those of the URL: %s', (url, connectionString, own) => {
    const alone = connectionWith(at).options;
    expect(alone).toContain('-c DateStyle=ISO');
    expect(connectionWith(url)).toEqual({ connectionString, options: `${own}${alone}` });
    expect(connectionWith(url, '-c a=1')).toEqual({ connectionString, options: `${own}${alone} -c a=1` });
  });

  it('come after those of PGOPTIONS, which the URL replaces', () => {
    const alone = connectionWith(at).options;
    process.env['PGOPTIONS'] = '-c c=3';
    try {
      expect(connectionWith(at).options).toBe(`-c c=3 ${alone}`);
      expect(connectionWith(`${at}?options=-c+b=2`).options).toBe(`-c b=2 ${alone}`);
    } finally {
      delete process.env['PGOPTIONS'];
    }
  });
});
