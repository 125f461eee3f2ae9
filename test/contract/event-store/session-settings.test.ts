import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createLogger } from '#platform/logging.js';
import { openStore, type Store } from '../../../apps/event-store/src/streams/store.js';
import { freshDatabase, freshRole } from '#test/support/database.js';
import { newStream } from './contract.js';
import { submit } from './writes.js';

const logger = createLogger('event-store', 'silent');

describe('the sessions of the event store [embedded]', () => {
  const cleanUp: (() => Promise<unknown>)[] = [];
  let url: string;
  let operator: pg.Client;

  beforeEach(async () => {
    const database = await freshDatabase();
    url = database.url;
    cleanUp.push(database.drop);
    operator = new pg.Client({ connectionString: url });
    await operator.connect();
    cleanUp.push(() => operator.end());
  });

  afterEach(async () => {
    for (const undo of cleanUp.splice(0).reverse()) await undo();
  });

  async function open(postgresUrl: string): Promise<Store> {
    const store = await openStore({ postgresUrl, logger, onOutdated: () => {} });
    cleanUp.push(() => store.close());
    return store;
  }

  it('may be of a role that can create no schemas, where it was given the one of the events', async () => {
    const role = await freshRole();
    cleanUp.unshift(role.drop);
    await operator.query(`CREATE SCHEMA event_store AUTHORIZATION ${role.name}`);
    const store = await open(role.urlOf({ url }));
    expect(await submit(store, { stream: newStream() })).toMatchObject({ kind: 'written' });
  });

  it('are refused in one line in a database of another encoding', async () => {
    const ascii = await freshDatabase(undefined, `ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'`);
    cleanUp.push(ascii.drop);
    await expect(open(ascii.url)).rejects.toThrow(
      /^the encoding of database t_\w+ is SQL_ASCII, and has to be UTF8: [^\n]*$/,
    );
  });

  it('keep the settings that they need beside the options of the URL, whatever the database says', async () => {
    for (const setting of ['synchronous_commit = off', 'bytea_output = escape', 'work_mem = "5MB"']) {
      await operator.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET ${setting}`);
    }
    const store = await open(`${url}?options=-c%20work_mem%3D8MB`);
    await operator.query('CREATE TABLE writing (durable text, memory text)');
    await operator.query(
      `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO public.writing
           SELECT current_setting('synchronous_commit'), current_setting('work_mem');
         RETURN NULL;
       END $$`,
    );
    await operator.query(
      'CREATE TRIGGER noted AFTER INSERT ON event_store.events FOR EACH STATEMENT EXECUTE FUNCTION note()',
    );
    const stream = newStream();
    expect(await submit(store, { stream })).toMatchObject({ kind: 'written' });
    const { rows } = await operator.query('SELECT * FROM writing');
    expect(rows).toEqual([{ durable: 'on', memory: '8MB' }]);
    // So few come as text; the bytes of a row in that form would not be understood.
    const [event] = await store.reader.pageOfStream(stream, 'forwards', 0, 1);
    expect(event!.frame.includes('{}')).toBe(true);
  }, 30_000);
});
