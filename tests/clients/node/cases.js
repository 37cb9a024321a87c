// Runs cases one by one and prints a line of JSON for each: what it saw, or what was thrown.
export class Cases {
  #cases = [];

  add(name, body) {
    this.#cases.push([name, body]);
  }

  async run() {
    for (const [name, body] of this.#cases) {
      let line;
      try {
        line = { case: name, saw: plain(await body()) };
      } catch (error) {
        line = { case: name, failed: String(error?.stack ?? error) };
      }
      process.stdout.write(`${JSON.stringify(line)}\n`);
    }
  }
}

// What JSON.stringify would refuse or lose.
function plain(value) {
  return JSON.parse(
    JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}n` : each === undefined ? null : each)),
  );
}

// The error that is thrown, field by field.
export async function failure(body) {
  try {
    await body();
  } catch (error) {
    const { code, message, severity, detail, hint, position, table, constraint } = error;
    return { code, message, severity, detail, hint, position, table, constraint };
  }
  throw new Error("nothing was thrown");
}
