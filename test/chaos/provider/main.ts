import { ProviderServer, type ProviderOptions } from './provider-server.js';

const options = JSON.parse(process.argv[2]!) as ProviderOptions;
process.once('disconnect', () => process.exit()); // the parent process has died
await new ProviderServer(options).listen(Number(process.env['ORDERLOG_PORT']));
process.send?.('ready');
