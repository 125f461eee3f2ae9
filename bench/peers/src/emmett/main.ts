import { randomUUID } from 'node:crypto';
import {
  assertNotEmptyString,
  assertPositiveNumber,
  CommandHandler,
  projections,
} from '@event-driven-io/emmett';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { pongoClient } from '@event-driven-io/pongo';
import express, { type Request } from 'express';
import { tell } from '../listening.js';
import { getDetails, orderDetailsProjection } from './order-details.js';
import { capture, confirm, evolve, initialState, place, ship, type Line } from './order.js';

const connectionString = process.env['DATABASE_URL']!;

const eventStore = getPostgreSQLEventStore(connectionString, {
  projections: projections.inline([orderDetailsProjection]),
});
await eventStore.schema.migrate();
const readStore = pongoClient(connectionString);

const handle = CommandHandler({ evolve, initialState });
const streamOf = (orderId: string) => `order-${orderId}`;
const orderIdOf = (request: Request<{ id: string }>) => assertNotEmptyString(request.params.id);

const app = express();
app.use(express.json());

app.post('/orders', async (request, response) => {
  const { currency, reference, customerId, lines, shippingAddress } = request.body as {
    currency: string;
    reference: string;
    customerId: string;
    lines: Line[];
    shippingAddress: { country: string; countryName: string };
  };
  const data = {
    orderId: randomUUID(),
    currency: assertNotEmptyString(currency),
    reference: assertNotEmptyString(reference),
    customerId: assertNotEmptyString(customerId),
    country: assertNotEmptyString(shippingAddress.country),
    countryName: assertNotEmptyString(shippingAddress.countryName),
    lines: lines.map((line) => ({
      sku: assertNotEmptyString(line.sku),
      name: assertNotEmptyString(line.name),
      quantity: assertPositiveNumber(line.quantity),
      unitPriceMinor: assertPositiveNumber(line.unitPriceMinor),
    })),
  };
  await handle(eventStore, streamOf(data.orderId), (order) => place(data, order));
  response.status(201).json({ orderId: data.orderId });
});

app.post('/orders/:id/confirm', async (request, response) => {
  const orderId = orderIdOf(request);
  await handle(eventStore, streamOf(orderId), (order) => confirm(orderId, order));
  response.json({ orderId });
});

app.post('/orders/:id/payments', async (request, response) => {
  const orderId = orderIdOf(request);
  const { amountMinor, currency, providerReference } = request.body as Record<string, unknown>;
  const data = {
    orderId,
    paymentId: randomUUID(),
    amountMinor: assertPositiveNumber(amountMinor),
    currency: assertNotEmptyString(currency),
    providerReference: assertNotEmptyString(providerReference),
  };
  await handle(eventStore, streamOf(orderId), (order) => capture(data, order));
  response.json({ orderId, paymentId: data.paymentId });
});

app.post('/orders/:id/shipments', async (request, response) => {
  const orderId = orderIdOf(request);
  const shipmentId = randomUUID();
  await handle(eventStore, streamOf(orderId), (order) => ship(orderId, shipmentId, order));
  response.json({ orderId, shipmentId });
});

app.get('/orders/:id', async (request, response) => {
  const order = await getDetails(readStore.db(), streamOf(orderIdOf(request)));
  if (order === null) response.status(404).end();
  else response.json(order);
});

const server = app.listen(0, '127.0.0.1', () => tell(server));
