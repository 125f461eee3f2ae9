import { ProviderServer, type ProviderOptions } from './provider-server.js';

const options = JSON.parse(process.argv[2]!) as ProviderOptions;
await new ProviderServer(options).listen(Number(process.env['ORDERLOG_PORT']));
process.send?.('ready');
