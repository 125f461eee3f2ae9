// An SMTP server that delivers nothing: it prints what it is sent. For trying the notifier on one machine.
import { SMTPServer } from 'smtp-server';

const PORT = Number(process.argv[2] ?? 2525);

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData(stream, session, callback) {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      console.log(`===== to ${session.envelope.rcptTo.map(({ address }) => address).join()}`);
      console.log(Buffer.concat(chunks).toString());
      callback();
    });
  },
});
server.listen(PORT, '127.0.0.1', () => console.log(`smtp://127.0.0.1:${PORT}`));
