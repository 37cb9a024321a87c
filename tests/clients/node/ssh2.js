// ssh2: cases on connections of their own.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { promisify } from "node:util";
import ssh2 from "ssh2";
import { Cases } from "./cases.js";

const { SSH_PORT, SSH_USER, SSH_TOKEN, SSH_KEY, SSH_HOST_KEY, SSH_FOLDER, SSH_ECHO } = process.env;
const known = Buffer.from(SSH_HOST_KEY.split(" ")[1], "base64");
const secret = SSH_TOKEN ? { password: SSH_TOKEN } : { privateKey: readFileSync(SSH_KEY) };
const account = {
  host: "127.0.0.1",
  port: Number(SSH_PORT),
  username: SSH_USER,
  hostVerifier: (key) => key.equals(known),
  ...secret,
};

const cases = new Cases();

function withClient(name, body) {
  cases.add(name, async () => {
    const client = new ssh2.Client();
    client.connect(account);
    await once(client, "ready");
    try {
      return await body(client);
    } finally {
      client.end();
    }
  });
}

function hashed(data) {
  return [data.length, createHash("sha256").update(data).digest("hex")];
}

async function run(client, command, stdin, options = {}) {
  const stream = await promisify(client.exec.bind(client))(command, options);
  const out = [];
  const err = [];
  stream.on("data", (chunk) => out.push(chunk));
  stream.stderr.on("data", (chunk) => err.push(chunk));
  const closed = once(stream, "close");
  stream.end(stdin);
  const [status, signal] = await closed;
  return [status ?? null, signal ?? null, hashed(Buffer.concat(out)), Buffer.concat(err).toString()];
}

withClient("exec", (client) => run(client, "echo out; echo err >&2; exit 7"));
withClient("signal", (client) => run(client, "kill -TERM $$"));
withClient("large", (client) => run(client, "seq 600000"));
withClient("standard input", (client) => run(client, "cat; echo end", Buffer.alloc(4_000_000, "\0\u0001\xffx", "latin1")));
withClient("one after the other", async (client) => {
  const seen = [];
  for (let n = 0; n < 20; n += 1) seen.push(await run(client, `echo ${n}; exit ${n}`));
  return seen;
});
withClient("five at once", (client) =>
  Promise.all([0, 1, 2, 3, 4].map((n) => run(client, `sleep 1; echo ${n}`))),
);
withClient("terminal", (client) =>
  run(client, "stty size; echo $TERM; tty -s && echo terminal", undefined, { pty: { cols: 97, rows: 31, term: "xterm" } }),
);
withClient("environment", (client) => run(client, "echo $LC_TIME", undefined, { env: { LC_TIME: "C" } }));
withClient("shell", async (client) => {
  const stream = await promisify(client.shell.bind(client))(false);
  const out = [];
  stream.on("data", (chunk) => out.push(chunk));
  const closed = once(stream, "close");
  stream.end("echo from the shell\nexit 4\n");
  const [status] = await closed;
  return [status, Buffer.concat(out).toString()];
});
withClient("sftp", async (client) => {
  const sftp = await promisify(client.sftp.bind(client))();
  const call = (name, ...words) => promisify(sftp[name].bind(sftp))(...words);
  const data = Buffer.alloc(1_500_000, "0123456789abcdef\n");
  await call("writeFile", `${SSH_FOLDER}/node`, data);
  await call("rename", `${SSH_FOLDER}/node`, `${SSH_FOLDER}/renamed`);
  await call("chmod", `${SSH_FOLDER}/renamed`, 0o640);
  const back = await call("readFile", `${SSH_FOLDER}/renamed`);
  const { mode, size } = await call("stat", `${SSH_FOLDER}/renamed`);
  const names = (await call("readdir", SSH_FOLDER)).map((each) => each.filename);
  const missing = await call("stat", `${SSH_FOLDER}/nowhere`).catch((error) => error.message);
  await call("unlink", `${SSH_FOLDER}/renamed`);
  return [back.equals(data), mode, size, names, missing];
});
withClient("forwarding", async (client) => {
  const [host, port] = SSH_ECHO.split(":");
  const stream = await promisify(client.forwardOut.bind(client))("127.0.0.1", 1, host, Number(port));
  const data = Buffer.alloc(200_000, "there and back ");
  const back = [];
  let length = 0;
  stream.write(data);
  for await (const chunk of stream) {
    back.push(chunk);
    length += chunk.length;
    if (length >= data.length) break;
  }
  return hashed(Buffer.concat(back));
});

await cases.run();
process.exit(0);
