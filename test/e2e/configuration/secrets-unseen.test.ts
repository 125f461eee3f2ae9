import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MarkedSecrets, seenIn } from '../../support/marked-secrets.js';

jest.setTimeout(120_000);

const APPS = ['command-api', 'query-api', 'projector', 'event-store'];

// Malformed ones, and those of orderctl, are in test/chaos/secrets-unseen.test.ts.
describe('a secret', () => {
  let secrets: MarkedSecrets;

  beforeAll(async () => {
    secrets = await MarkedSecrets.open();
  });
  afterAll(() => secrets.close());

  it.each(APPS)('of %s is in no log, no answer and no figure, whatever fails', async (app) => {
    for (const [place, environment] of Object.entries(secrets.places())) {
      const text = await secrets.overheard(app, environment);
      expect([place, seenIn(text)]).toEqual([place, []]);
      // The app was there, and said so.
      expect(text).toMatch(new RegExp(app));
      // And PostgreSQL refused whoever asks it.
      if (place === 'a wrong password' && app !== 'command-api') {
        expect(text).toMatch(/password authentication failed/);
      }
    }
  });

  it('is not seen either where it is given in a file', async () => {
    const environment = await secrets.inFiles(secrets.places()['a wrong password']!);
    for (const app of APPS)
      expect([app, seenIn(await secrets.overheard(app, environment))]).toEqual([app, []]);
  });
});
