// node-postgres with its cursor, query stream and copy streams; postgres.js; drizzle on both.
import { readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Readable, Writable } from "node:stream";
import { drizzle } from "drizzle-orm/node-postgres";
import { drizzle as drizzleOnPostgresJs } from "drizzle-orm/postgres-js";
import { eq, sql as raw, desc } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import Cursor from "pg-cursor";
import QueryStream from "pg-query-stream";
import postgres from "postgres";
import { Cases, failure } from "./cases.js";

const { PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLROOTCERT } = process.env;
const tls = PGSSLROOTCERT ? { ca: readFileSync(PGSSLROOTCERT) } : false;
const account = { host: "127.0.0.1", port: Number(PGPORT), user: PGUSER, database: PGDATABASE };
const settings = { ...account, password: PGPASSWORD, ssl: tls };
for (const name of Object.keys(process.env)) if (name.startsWith("PG")) delete process.env[name];

const cases = new Cases();

function withClient(name, body) {
  cases.add(name, async () => {
    const client = new pg.Client(settings);
    await client.connect();
    try {
      return await body(client);
    } finally {
      await client.end();
    }
  });
}

const all = "select id, name, born, tags, doc, paid from people order by id";

withClient("pg: every type", async (client) => (await client.query("select * from every_type order by a")).rows);
withClient("pg: fields", async (client) => (await client.query("select * from every_type")).fields);
withClient("pg: parameters", async (client) => {
  const query = "select $1::int as a, $2::text as b, $3::bytea as c, $4::timestamptz as d, $5::jsonb as e, $6::text[] as f";
  const values = [7, "ü", Buffer.from([0, 255]), new Date(0), { a: [1] }, ["x", null]];
  return (await client.query(query, values)).rows;
});
withClient("pg: named statement", async (client) => {
  const seen = [];
  for (let id = 1; id < 20; id += 1) {
    const query = { name: "by-id", text: "select name from people where id = $1", values: [id] };
    seen.push((await client.query(query)).rows);
  }
  return seen;
});
withClient("pg: rows as arrays in binary", async (client) =>
  (await client.query({ text: "select id, name from people order by id", rowMode: "array", binary: true })).rows,
);
withClient("pg: many at once", async (client) => {
  const queries = Array.from({ length: 200 }, (_, n) => client.query("select $1::int as n", [n]));
  return (await Promise.all(queries)).map((each) => each.rows[0].n);
});
withClient("pg: several statements", async (client) =>
  (await client.query("select 1 as a; create temp table t (n int); insert into t values (1), (2); table t")).map(
    (each) => [each.command, each.rowCount, each.rows],
  ),
);
withClient("pg: transaction", async (client) => {
  await client.query("begin");
  await client.query("create temp table t (n int) on commit drop");
  await client.query("savepoint a");
  const failed = await failure(() => client.query("select 1 / 0"));
  await client.query("rollback to a");
  await client.query("insert into t values ($1)", [1]);
  const { rows } = await client.query("table t");
  await client.query("rollback");
  return [failed, rows];
});
withClient("pg: errors", async (client) => {
  const seen = [];
  for (const line of ["select 1 / 0", "select * from nowhere", "insert into people (id, name) values (1, 'x')"]) {
    seen.push(await failure(() => client.query(line)), await failure(() => client.query(`${line} -- $1`, [])));
  }
  return seen;
});
withClient("pg: notices and notifications", async (client) => {
  const seen = [];
  client.on("notice", (notice) => seen.push([notice.severity, notice.message]));
  const heard = new Promise((resolve) => client.on("notification", resolve));
  await client.query("drop table if exists nowhere");
  await client.query("listen here");
  await client.query("notify here, 'payload'");
  const { channel, payload, processId } = await heard;
  return [seen, channel, payload, processId === client.processID];
});
cases.add("pg: pool", async () => {
  const pool = new pg.Pool({ ...settings, max: 4 });
  const queries = Array.from({ length: 60 }, (_, n) => pool.query("select $1::int as n", [n]));
  const seen = (await Promise.all(queries)).map((each) => each.rows[0].n);
  await pool.end();
  return seen;
});
withClient("pg-cursor", async (client) => {
  const cursor = client.query(new Cursor(all));
  const seen = [await cursor.read(7), await cursor.read(50)];
  await cursor.close();
  return [...seen, (await client.query("select 'after' as a")).rows];
});
withClient("pg-query-stream", async (client) => {
  const seen = [];
  for await (const row of client.query(new QueryStream(all, [], { batchSize: 13 }))) seen.push(row);
  return seen;
});
withClient("pg-copy-streams: out", async (client) => {
  const seen = [];
  const take = new Writable({ write: (chunk, _, done) => done(null, seen.push(chunk)) });
  await pipeline(client.query(copyTo("copy (select * from people order by id) to stdout csv header")), take);
  return Buffer.concat(seen).toString();
});
withClient("pg-copy-streams: in", async (client) => {
  await client.query("create temp table copied (n int, s text)");
  const lines = Array.from({ length: 20000 }, (_, n) => `${n}\trow ${n}\n`);
  await pipeline(Readable.from(lines), client.query(copyFrom("copy copied from stdin")));
  const wrong = await failure(() => pipeline(Readable.from(["x\ty\n"]), client.query(copyFrom("copy copied from stdin"))));
  return [(await client.query("select count(*), max(s) from copied")).rows, wrong];
});

function withPostgres(name, body) {
  cases.add(name, async () => {
    const notices = [];
    const { user, ...place } = settings;
    const sql = postgres({ ...place, username: user, max: 3, onnotice: (notice) => notices.push(notice.message) });
    try {
      return await body(sql, notices);
    } finally {
      await sql.end();
    }
  });
}

withPostgres("postgres.js: every type", async (sql) => sql`select * from every_type order by a`);
withPostgres("postgres.js: parameters", async (sql) => {
  const ids = [1, 5, 9];
  return sql`select id, name from people where id = any(${ids}) or name = ${"person 3"} order by id`;
});
withPostgres("postgres.js: many at once", async (sql) =>
  Promise.all(Array.from({ length: 200 }, (_, n) => sql`select ${n}::int as n`)),
);
withPostgres("postgres.js: transaction", async (sql) => {
  const failed = await failure(() => sql.begin(async (inside) => inside`select 1 / 0`));
  const done = await sql.begin(async (inside) => {
    await inside`create temp table t (n int) on commit drop`;
    await inside.savepoint(async (deeper) => deeper`insert into t ${deeper([{ n: 1 }, { n: 2 }])}`);
    return inside`table t`;
  });
  return [failed, done];
});
withPostgres("postgres.js: cursor", async (sql) => {
  const seen = [];
  for await (const rows of sql`select id, name from people order by id`.cursor(30)) seen.push(rows);
  return seen;
});
withPostgres("postgres.js: copy", async (sql) => {
  const seen = [];
  for await (const chunk of await sql`copy (select id, name from people order by id) to stdout`.readable()) seen.push(chunk);
  return Buffer.concat(seen).toString();
});
withPostgres("postgres.js: notifications", async (sql) => {
  const heard = new Promise((resolve) => sql.listen("here", resolve).then(() => sql.notify("here", "payload")));
  return heard;
});
withPostgres("postgres.js: cancel", async (sql) => {
  const query = sql`select pg_sleep(20)`.execute();
  const running = () => sql`select from pg_stat_activity where query = 'select pg_sleep(20)' and state = 'active'`;
  while ((await running()).length === 0);
  query.cancel();
  return [await failure(() => query), await sql`select 'after' as a`];
});
withPostgres("postgres.js: errors and notices", async (sql, notices) => {
  const failed = await failure(() => sql`insert into people (id, name) values (1, 'x')`);
  await sql`drop table if exists nowhere`;
  return [failed, notices];
});

const people = pgTable("people", { id: integer("id").primaryKey(), name: text("name") });
const orders = pgTable("orders", { id: integer("id").primaryKey(), person: integer("person"), note: text("note") });

async function onDrizzle(db) {
  const joined = await db
    .select({ name: people.name, n: raw`count(*)`.mapWith(Number) })
    .from(people)
    .innerJoin(orders, eq(orders.person, people.id))
    .groupBy(people.id, people.name)
    .orderBy(desc(people.id))
    .limit(10);
  const changed = await db.transaction(async (inside) => {
    await inside.insert(orders).values([{ id: 90001, person: 1, note: "a" }, { id: 90002, person: 2, note: "b" }]);
    await inside.update(orders).set({ note: "changed" }).where(eq(orders.id, 90001));
    const gone = await inside.delete(orders).where(raw`id > 90000`).returning();
    return gone.sort((a, b) => a.id - b.id);
  });
  return [joined, changed];
}

withClient("drizzle on pg", async (client) => onDrizzle(drizzle(client)));
withPostgres("drizzle on postgres.js", async (sql) => onDrizzle(drizzleOnPostgresJs(sql)));

await cases.run();
