import { expect, it } from '@jest/globals';
import { sentInWords } from './import.command.js';

it.each([
  [{ commands: 1_200, sendingSeconds: 4, alreadyImported: 2 }, '1,200 commands in 4 s (300/s)'],
  [{ commands: 0, sendingSeconds: 0, alreadyImported: 7 }, '7 orders were imported already: nothing changed'],
  [{ commands: 0, sendingSeconds: 0, alreadyImported: 0 }, 'there is no order to import: nothing changed'],
])('an import of %j is summed up as: %s', (result, line) => {
  expect(sentInWords(result)).toBe(line);
});
