// Prisma on its adapter for pg: the client alone, without an engine of its own.
import { readFileSync } from "node:fs";
import { PrismaPg } from "@prisma/adapter-pg";
import { Cases } from "./cases.js";
import generated from "./generated/index.js";

const { Prisma, PrismaClient } = generated;
const { PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLROOTCERT } = process.env;
const tls = PGSSLROOTCERT ? { ca: readFileSync(PGSSLROOTCERT) } : false;
const account = { host: "127.0.0.1", port: Number(PGPORT), user: PGUSER, database: PGDATABASE };
const settings = { ...account, password: PGPASSWORD, ssl: tls, max: 3 };
for (const name of Object.keys(process.env)) if (name.startsWith("PG")) delete process.env[name];

const cases = new Cases();

function add(name, body) {
  cases.add(name, async () => {
    // Prisma reads no list that has a NULL in it, as those of the matrix have.
    const omit = { people: { tags: true } };
    const client = new PrismaClient({ adapter: new PrismaPg(settings), errorFormat: "minimal", omit });
    try {
      return await body(client);
    } finally {
      await client.$disconnect();
    }
  });
}

// What Prisma makes of an error: its own code, its words, and what it knows of the cause.
async function failure(body) {
  try {
    await body();
  } catch (error) {
    const { name, code, message, meta } = error;
    return { name, code, message, meta };
  }
  throw new Error("nothing was thrown");
}

const person = (id) => ({
  ...{ id, name: `made ${id}`, mood: "sad", code: `m${id}`, at: new Date(0) },
  ...{ tags: ["x", "ü"], doc: { id, list: [1, null] } },
});

add("find", async ({ people }) => [
  await people.findMany({ orderBy: { id: "asc" } }),
  await people.findUnique({ where: { id: 7 } }),
  await people.findUnique({ where: { id: -1 } }),
  await people.findFirst({ where: { code: "c9" }, select: { name: true, born: true } }),
]);
add("find many at once", ({ people }) =>
  Promise.all(Array.from({ length: 60 }, (_, n) => people.findUnique({ where: { id: n + 1 } }))),
);
add("conditions", async ({ people }) => [
  await people.count({ where: { name: { startsWith: "person 1", mode: "insensitive" } } }),
  await people.findMany({ where: { OR: [{ id: { in: [3, 5] } }, { tags: { has: "a9" } }] }, orderBy: { id: "desc" } }),
  await people.findMany({ where: { born: { gt: new Date("2000-07-01") }, NOT: { mood: "sad" } }, skip: 3, take: 4, orderBy: { id: "asc" } }),
  await people.findMany({ where: { doc: { path: ["n"], equals: 12 } } }),
]);
add("pages by a cursor", async ({ people }) => {
  const seen = [];
  for (let id = 1; id < 150; id += 50) {
    seen.push(await people.findMany({ cursor: { id }, take: 20, orderBy: { id: "asc" }, select: { id: true } }));
  }
  return seen;
});
add("groups", async ({ people, orders }) => [
  await people.aggregate({ _sum: { paid: true }, _avg: { id: true }, _max: { born: true }, _count: true }),
  await orders.groupBy({ by: ["person"], _count: true, having: { person: { lt: 9 } }, orderBy: { person: "asc" } }),
]);
add("relations", async ({ people, orders }) => [
  await people.findMany({ where: { id: { lte: 5 } }, include: { orders: { orderBy: { id: "asc" } } }, orderBy: { id: "asc" } }),
  await orders.findMany({ where: { whose: { name: "person 7" } }, include: { whose: true }, orderBy: { id: "asc" } }),
  await people.count({ where: { orders: { some: { note: { contains: "99" } } } } }),
  await people.findMany({ where: { orders: { none: {} } }, select: { _count: { select: { orders: true } } } }),
]);
add("create, update, delete", async ({ people }) => {
  const seen = [await people.create({ data: person(9001) })];
  seen.push(await people.createMany({ data: [person(9002), person(9003)], skipDuplicates: true }));
  seen.push(await people.createManyAndReturn({ data: [person(9004)], select: { id: true, paid: true } }));
  seen.push(await people.update({ where: { id: 9001 }, data: { tags: { push: "z" } }, omit: { tags: false } }));
  seen.push(await people.update({ where: { id: 9002 }, data: { paid: "12.34" } }));
  seen.push(await people.update({ where: { id: 9002 }, data: { paid: { increment: "1.50" }, born: new Date("2001-02-03") } }));
  seen.push(await people.updateMany({ where: { id: { gt: 9000 } }, data: { mood: "happy" } }));
  seen.push(await people.upsert({ where: { id: 9005 }, create: person(9005), update: { name: "not here" } }));
  seen.push(await people.upsert({ where: { id: 9005 }, create: person(9005), update: { name: "again" } }));
  seen.push(await people.delete({ where: { id: 9001 } }));
  seen.push(await people.deleteMany({ where: { id: { gt: 9000 } } }));
  return seen;
});
add("nested writes", async ({ people, orders }) => {
  const made = await people.create({
    data: { ...person(9101), orders: { create: [{ id: 91011, note: "one" }, { id: 91012, note: null }] } },
    include: { orders: { orderBy: { id: "asc" } } },
  });
  const changed = await people.update({
    where: { id: 9101 },
    data: { orders: { update: { where: { id: 91011 }, data: { note: "changed" } }, delete: { id: 91012 } } },
    include: { orders: true },
  });
  await people.delete({ where: { id: 9101 } });
  return [made, changed, await orders.count({ where: { person: 9101 } })];
});
add("transaction of a list", (client) =>
  client.$transaction([
    client.people.create({ data: person(9201) }),
    client.people.findMany({ where: { id: { gt: 9200 } } }),
    client.people.delete({ where: { id: 9201 } }),
  ]),
);
for (const isolationLevel of ["ReadCommitted", "RepeatableRead", "Serializable"]) {
  add(`transaction, ${isolationLevel}`, async (client) => {
    const rolledBack = await failure(() =>
      client.$transaction(
        async (inside) => {
          await inside.people.create({ data: person(9301) });
          throw new Error("not this one");
        },
        { isolationLevel },
      ),
    );
    const left = await client.people.count({ where: { id: 9301 } });
    const done = await client.$transaction(
      async (inside) => [
        await inside.$queryRaw`select current_setting('transaction_isolation') as level`,
        await inside.people.create({ data: person(9302) }),
        await inside.people.delete({ where: { id: 9302 } }),
      ],
      { isolationLevel },
    );
    return [rolledBack, left, done];
  });
}
add("raw", async (client) => {
  const id = 4;
  return [
    await client.$queryRaw`select id, name, tags, doc, paid, at from people where id = ${id} or id in (${Prisma.join([5, 6])}) order by id`,
    await client.$queryRaw`select ${"ü"}::text as text, ${12n}::bigint as big, ${new Date(0)}::timestamptz as at, ${Buffer.from([0, 255])}::bytea as bytes`,
    await client.$queryRawUnsafe("select $1::int + $2::int as sum", 1, 2),
    await client.$executeRaw`update orders set note = note where id < ${20}`,
    await client.$executeRawUnsafe("create temp table made (n int)"),
  ];
});
add("every type", (client) =>
  client.$queryRaw`select a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, r, s, t, u, v, z, ad, ae, ag::text, an from every_type order by a`,
);
add("metadata", async (client) => [
  await client.$queryRaw`
    select table_name, column_name, data_type, udt_name, is_nullable, column_default, character_maximum_length
    from information_schema.columns where table_schema = 'public' order by table_name, ordinal_position`,
  await client.$queryRaw`
    select c.conname, c.contype::text, c.confdeltype::text, pg_get_constraintdef(c.oid) as definition, t.relname
    from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace
    where n.nspname = ${"public"} order by t.relname, c.conname`,
  await client.$queryRaw`
    select t.typname, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
    from pg_type t join pg_enum e on e.enumtypid = t.oid group by t.typname`,
  await client.$queryRaw`
    select i.relname, a.amname, x.indisunique, pg_get_expr(x.indpred, x.indrelid) as partial, pg_get_indexdef(i.oid) as definition
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am a on a.oid = i.relam
    join pg_namespace n on n.oid = i.relnamespace where n.nspname = 'public' order by i.relname`,
  await client.$queryRaw`select sequencename, start_value, increment_by from pg_sequences where schemaname = 'public'`,
  await client.$queryRaw`select version(), current_schema(), current_setting('server_version_num') as number`,
]);
add("errors", async (client) => [
  await failure(() => client.people.create({ data: { id: 1, name: "there is one" } })),
  await failure(() => client.people.create({ data: { ...person(9401), code: "c1" } })),
  await failure(() => client.orders.create({ data: { id: 90001, person: -1 } })),
  await failure(() => client.people.update({ where: { id: -1 }, data: { name: "x" } })),
  await failure(() => client.people.findUniqueOrThrow({ where: { id: -1 } })),
  await failure(() => client.people.create({ data: { ...person(9402), code: "longer than nine" } })),
  await failure(() => client.$queryRaw`select 1 / 0`),
  await failure(() => client.$queryRaw`select * from nowhere`),
  await client.people.count(),
]);

await cases.run();
