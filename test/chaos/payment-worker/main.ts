import { PaymentWorker, type WorkerOptions } from './payment-worker.js';

process.once('disconnect', () => process.exit()); // the parent process has died
const worker = new PaymentWorker(JSON.parse(process.argv[2]!) as WorkerOptions);
await worker.listen(Number(process.env['ORDERLOG_PORT']));
process.send?.('ready');
await worker.run();
