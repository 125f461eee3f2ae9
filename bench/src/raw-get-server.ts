import Fastify from 'fastify';
import pg from 'pg';

/** The least that can answer with an order's row; the row `get` is compared with it. */
const [postgresUrl, tenantId] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: postgresUrl, max: 10 });
const { rows } = await pool.query<{ schema_name: string }>(
  'SELECT schema_name FROM orderlog.generations g JOIN orderlog.active_generation a ON a.generation = g.id',
);
const schema = rows[0]?.schema_name;
if (!schema) throw new Error('no active generation');

const server = Fastify();
server.get<{ Params: { id: string } }>('/v1/orders/:id', async (request, reply) => {
  const found = await pool.query<{ document: string; personal: string }>({
    name: 'get',
    text: `SELECT document::text, personal::text FROM ${schema}.orders WHERE tenant_id = $1 AND order_id = $2`,
    values: [tenantId, request.params.id],
  });
  const row = found.rows[0];
  if (!row) return reply.code(404).send();
  return reply.type('application/json').send(`${row.document.slice(0, -1)},"personal":${row.personal}}`);
});
await server.listen({ port: 0, host: '127.0.0.1' });
const address = server.server.address();
if (typeof address === 'object' && address) process.send?.(address.port);
process.once('disconnect', () => process.exit(0));
