import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataFolder } from '../system/data-folder.js';
import { worthTrying } from './up.command.js';

describe('the commands that `up` prints for another terminal', () => {
  const given = process.env['ORDERLOG_DATA'];
  beforeEach(() => {
    delete process.env['ORDERLOG_DATA'];
  });
  afterEach(() => {
    if (given === undefined) delete process.env['ORDERLOG_DATA'];
    else process.env['ORDERLOG_DATA'] = given;
  });

  const folders = (lines: readonly string[]) => lines.map((line) => /--data (\S+)/.exec(line)?.[1]).slice(1);

  it('find the usual folder by themselves', () => {
    expect(folders(worthTrying(new DataFolder(), 'D-1001'))).toEqual([undefined, undefined, undefined]);
  });

  it.each(['/tmp/a', '/tmp/b', ''])('name another one, whatever ORDERLOG_DATA is: "%s"', (variable) => {
    process.env['ORDERLOG_DATA'] = variable;
    expect(folders(worthTrying(new DataFolder('/tmp/a'), 'D-1001'))).toEqual(['/tmp/a', '/tmp/a', '/tmp/a']);
  });

  it('quote what a shell would take apart', () => {
    const [, status] = worthTrying(new DataFolder("/tmp/the shop's"), null);
    expect(status).toBe(`  npx orderctl status --data '/tmp/the shop'\\''s'`);
  });

  it('name the usual folder where the variable names another one', () => {
    process.env['ORDERLOG_DATA'] = '/tmp/a';
    const { path } = new DataFolder();
    expect(folders(worthTrying(new DataFolder(), 'D-1001'))).toEqual([path, path, path]);
  });

  it('show no demo order where there is none', () => {
    expect(worthTrying(new DataFolder(), null).join('\n')).not.toContain('inspect');
    expect(worthTrying(new DataFolder(), 'D-1001').join('\n')).toContain('inspect --tenant demo D-1001');
  });
});
