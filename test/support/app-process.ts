import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

/** An app of some release, as a child process. */
export interface AppProcess {
  readonly url: string;
  readonly child: ChildProcess;
  isReady(): Promise<boolean>;
  /** Lets the app drain. @returns its exit code */
  stop(): Promise<number | null>;
}

/** Starts an app; resolves once it listens. @param root folder in which the release is built */
export async function startApp(
  root: string,
  name: 'command-api' | 'query-api' | 'projector',
  environment: Readonly<Record<string, string>>,
): Promise<AppProcess> {
  const child = fork(join(root, `dist/apps/${name}/src/main.js`), {
    cwd: root,
    env: {
      ...process.env,
      ORDERLOG_PORT: '0',
      ORDERLOG_LOG_LEVEL: 'error',
      NODE_OPTIONS: '',
      ...environment,
    },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const { port } = await new Promise<{ port: number }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { port: number }));
    void ended.then((code) => reject(new Error(`${name} ended with ${code} instead of starting`)));
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    child,
    isReady: async () => (await fetch(`${url}/health/ready`)).ok,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
