import java.io.StringReader;
import java.io.StringWriter;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** pgjdbc: thirty cases, each on a connection of its own in the mode that is the only argument. */
final class Jdbc {
    private final Properties properties = new Properties();
    private final String url;

    Jdbc(String mode) {
        url = "jdbc:postgresql://127.0.0.1:" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE");
        properties.setProperty("user", System.getenv("PGUSER"));
        properties.setProperty("password", System.getenv("PGPASSWORD"));
        properties.setProperty("sslmode", System.getenv("PGSSLMODE"));
        if (System.getenv("PGSSLROOTCERT") != null) properties.setProperty("sslrootcert", System.getenv("PGSSLROOTCERT"));
        for (String setting : mode.split(",")) {
            String[] parts = setting.split("=");
            if (parts.length == 2) properties.setProperty(parts[0], parts[1]);
        }
    }

    interface Body {
        Object run(Connection connection) throws Exception;
    }

    private void add(Cases cases, String name, Body body) {
        cases.add(name, () -> {
            try (Connection connection = DriverManager.getConnection(url, properties)) {
                return body.run(connection);
            }
        });
    }

    static List<Object> rows(ResultSet result) throws SQLException {
        List<Object> all = new ArrayList<>();
        int columns = result.getMetaData().getColumnCount();
        while (result.next()) {
            List<Object> row = new ArrayList<>();
            for (int i = 1; i <= columns; i++) {
                Object value = result.getObject(i);
                row.add(value instanceof Array array ? Cases.shown(array.getArray()) : Cases.shown(value));
            }
            all.add(row);
        }
        result.close();
        return all;
    }

    static List<Object> query(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return rows(statement.executeQuery(sql));
        }
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static Object failure(Body body, Connection connection) throws Exception {
        try {
            return "nothing was thrown: " + body.run(connection);
        } catch (PSQLException thrown) {
            ServerErrorMessage said = thrown.getServerErrorMessage();
            String parts = said == null ? "" : said.getDetail() + "|" + said.getHint() + "|" + said.getTable() + "|" + said.getConstraint() + "|" + said.getPosition();
            return thrown.getSQLState() + "|" + thrown.getMessage() + "|" + parts;
        }
    }

    Cases cases() {
        Cases cases = new Cases();
        String every = "select a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, r, s, t, u, v, w, x, y, z, aa, ab, ac, ae, af, ag, ah, an from every_type order by a";
        add(cases, "every type", c -> query(c, every));
        add(cases, "every type, prepared", c -> {
            List<Object> seen = new ArrayList<>();
            try (PreparedStatement statement = c.prepareStatement(every)) {
                for (int i = 0; i < 7; i++) seen.add(rows(statement.executeQuery()));
            }
            return seen;
        });
        add(cases, "parameters", c -> {
            List<Object> seen = new ArrayList<>();
            try (PreparedStatement statement = c.prepareStatement("select ?::int, ?::bigint, ?::text, ?::bytea, ?::timestamptz, ?::numeric, ?::boolean, ?::uuid, ?::date, ?::float8")) {
                for (int i = 0; i < 8; i++) {
                    statement.setInt(1, i);
                    statement.setLong(2, 1L << 40);
                    statement.setString(3, "text ü " + i);
                    statement.setBytes(4, new byte[] {0, 1, (byte) 255});
                    statement.setObject(5, java.time.OffsetDateTime.parse("2026-01-02T03:04:05Z"));
                    statement.setBigDecimal(6, new java.math.BigDecimal("12.50"));
                    statement.setBoolean(7, true);
                    statement.setObject(8, java.util.UUID.fromString("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"));
                    statement.setObject(9, java.time.LocalDate.parse("2026-01-02"));
                    statement.setNull(10, Types.DOUBLE);
                    seen.add(rows(statement.executeQuery()));
                }
            }
            return seen;
        });
        add(cases, "arrays", c -> {
            try (PreparedStatement statement = c.prepareStatement("select ?::text[], ?::int[]")) {
                statement.setArray(1, c.createArrayOf("text", new String[] {"a", null, "c"}));
                statement.setArray(2, c.createArrayOf("int4", new Integer[] {1, 2}));
                return rows(statement.executeQuery());
            }
        });
        add(cases, "metadata of a result", c -> {
            try (Statement statement = c.createStatement(); ResultSet result = statement.executeQuery(every)) {
                ResultSetMetaData data = result.getMetaData();
                List<Object> seen = new ArrayList<>();
                for (int i = 1; i <= data.getColumnCount(); i++)
                    seen.add(List.of(data.getColumnName(i), data.getColumnTypeName(i), data.getColumnType(i), data.getPrecision(i), data.getScale(i), data.isNullable(i), data.isAutoIncrement(i), data.getTableName(i)));
                return seen;
            }
        });
        add(cases, "metadata of parameters", c -> {
            try (PreparedStatement statement = c.prepareStatement("select * from people where id = ? and name = ?")) {
                var data = statement.getParameterMetaData();
                return List.of(data.getParameterCount(), data.getParameterTypeName(1), data.getParameterTypeName(2));
            }
        });
        add(cases, "metadata of tables", c -> {
            DatabaseMetaData data = c.getMetaData();
            return List.of(rows(data.getTables(null, "public", "people", null)), rows(data.getColumns(null, "public", "%s", "%")), rows(data.getTableTypes()));
        });
        add(cases, "metadata of keys", c -> {
            DatabaseMetaData data = c.getMetaData();
            return List.of(rows(data.getPrimaryKeys(null, "public", "people")), rows(data.getImportedKeys(null, "public", "orders")), rows(data.getExportedKeys(null, "public", "people")), rows(data.getIndexInfo(null, "public", "orders", false, true)));
        });
        add(cases, "metadata of functions", c -> {
            DatabaseMetaData data = c.getMetaData();
            return List.of(rows(data.getFunctions(null, "public", "%")), rows(data.getProcedures(null, "public", "%")), rows(data.getFunctionColumns(null, "public", "twice", "%")));
        });
        add(cases, "metadata of types", c -> {
            DatabaseMetaData data = c.getMetaData();
            return List.of(rows(data.getUDTs(null, "public", "%", null)), rows(data.getSchemas()), rows(data.getCatalogs()), rows(data.getTypeInfo()).size());
        });
        add(cases, "metadata of rights", c -> {
            DatabaseMetaData data = c.getMetaData();
            return List.of(rows(data.getTablePrivileges(null, "public", "people")), rows(data.getColumnPrivileges(null, "public", "people", "id")), data.getDatabaseProductVersion(), data.getSQLKeywords());
        });
        add(cases, "fetch size", c -> {
            c.setAutoCommit(false);
            try (Statement statement = c.createStatement()) {
                statement.setFetchSize(13);
                return rows(statement.executeQuery("select id, note from orders order by id"));
            }
        });
        add(cases, "max rows", c -> {
            try (Statement statement = c.createStatement()) {
                statement.setMaxRows(5);
                return rows(statement.executeQuery("select id from people order by id"));
            }
        });
        add(cases, "scrolling", c -> {
            try (Statement statement = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY); ResultSet result = statement.executeQuery("select id from people order by id")) {
                List<Object> seen = new ArrayList<>();
                result.last();
                seen.add(result.getRow());
                result.absolute(7);
                seen.add(result.getInt(1));
                result.relative(-3);
                seen.add(result.getInt(1));
                return seen;
            }
        });
        add(cases, "updatable result", c -> {
            execute(c, "create temp table up (id int primary key, s text)");
            execute(c, "insert into up values (1, 'one'), (2, 'two')");
            try (Statement statement = c.createStatement(ResultSet.TYPE_SCROLL_SENSITIVE, ResultSet.CONCUR_UPDATABLE); ResultSet result = statement.executeQuery("select id, s from up order by id")) {
                result.next();
                result.updateString(2, "changed");
                result.updateRow();
                result.moveToInsertRow();
                result.updateInt(1, 3);
                result.updateString(2, "three");
                result.insertRow();
            }
            return query(c, "select * from up order by id");
        });
        add(cases, "batch", c -> {
            execute(c, "create temp table batched (id int, s text)");
            try (PreparedStatement statement = c.prepareStatement("insert into batched values (?, ?)")) {
                for (int i = 0; i < 500; i++) {
                    statement.setInt(1, i);
                    statement.setString(2, "row " + i);
                    statement.addBatch();
                }
                int[] counts = statement.executeBatch();
                return List.of(counts.length, query(c, "select count(*), sum(id), max(s) from batched"));
            }
        });
        add(cases, "batch with an error", c -> {
            execute(c, "create temp table batched (id int primary key)");
            try (PreparedStatement statement = c.prepareStatement("insert into batched values (?)")) {
                for (int i : new int[] {1, 2, 1, 3}) {
                    statement.setInt(1, i);
                    statement.addBatch();
                }
                statement.executeBatch();
                return "no error";
            } catch (BatchUpdateException thrown) {
                return List.of(thrown.getSQLState(), Arrays.toString(thrown.getUpdateCounts()), thrown.getNextException().getMessage(), query(c, "select * from batched"));
            }
        });
        add(cases, "batch of statements", c -> {
            try (Statement statement = c.createStatement()) {
                statement.addBatch("create temp table st (n int)");
                statement.addBatch("insert into st values (1), (2)");
                statement.addBatch("update st set n = n + 1");
                return Arrays.toString(statement.executeBatch());
            }
        });
        add(cases, "generated keys", c -> {
            execute(c, "create temp table made (id serial primary key, s text)");
            try (PreparedStatement statement = c.prepareStatement("insert into made (s) values (?)", Statement.RETURN_GENERATED_KEYS)) {
                statement.setString(1, "x");
                statement.executeUpdate();
                return rows(statement.getGeneratedKeys());
            }
        });
        add(cases, "several results", c -> {
            List<Object> seen = new ArrayList<>();
            try (Statement statement = c.createStatement()) {
                boolean more = statement.execute("select 1; create temp table several (n int); insert into several values (1), (2); select 'last'");
                while (more || statement.getUpdateCount() != -1) {
                    seen.add(more ? rows(statement.getResultSet()) : statement.getUpdateCount());
                    more = statement.getMoreResults();
                }
            }
            return seen;
        });
        add(cases, "savepoint", c -> {
            c.setAutoCommit(false);
            execute(c, "create temp table saved (n int)");
            Savepoint point = c.setSavepoint("here");
            execute(c, "insert into saved values (1)");
            c.rollback(point);
            execute(c, "insert into saved values (2)");
            List<Object> seen = query(c, "select * from saved");
            c.rollback();
            return seen;
        });
        add(cases, "failed transaction", c -> {
            c.setAutoCommit(false);
            Object first = failure(d -> query(d, "select 1 / 0"), c);
            Object second = failure(d -> query(d, "select 1"), c);
            c.rollback();
            return List.of(first, second, query(c, "select 2"));
        });
        add(cases, "errors", c -> {
            List<Object> seen = new ArrayList<>();
            for (String sql : new String[] {"select 1 / 0", "select * from nowhere", "insert into people (id, name) values (1, 'x')", "insert into orders values (9999, 9999)", "select 'x'::int"})
                seen.add(failure(d -> query(d, sql), c));
            return seen;
        });
        add(cases, "warnings", c -> {
            try (Statement statement = c.createStatement()) {
                statement.execute("drop table if exists nowhere");
                return statement.getWarnings().getMessage() + statement.getWarnings().getSQLState();
            }
        });
        add(cases, "function and procedure", c -> {
            try (CallableStatement call = c.prepareCall("{? = call twice(?)}")) {
                call.registerOutParameter(1, Types.INTEGER);
                call.setInt(2, 21);
                call.execute();
                return call.getInt(1);
            }
        });
        add(cases, "copy out", c -> {
            StringWriter written = new StringWriter();
            CopyManager manager = c.unwrap(PGConnection.class).getCopyAPI();
            return manager.copyOut("copy (select id, name, doc from people order by id) to stdout csv header", written) + written.toString();
        });
        add(cases, "copy in", c -> {
            execute(c, "create temp table copied (n int, s text)");
            StringBuilder rows = new StringBuilder();
            for (int i = 0; i < 5000; i++) rows.append(i).append("\trow ").append(i).append('\n');
            CopyManager manager = c.unwrap(PGConnection.class).getCopyAPI();
            long count = manager.copyIn("copy copied from stdin", new StringReader(rows.toString()));
            return List.of(count, query(c, "select count(*), max(s) from copied"), failure(d -> manager.copyIn("copy copied from stdin", new StringReader("x\ty\n")), c));
        });
        add(cases, "cancel", c -> {
            try (Statement statement = c.createStatement()) {
                Thread other = new Thread(() -> {
                    try {
                        Thread.sleep(300);
                        statement.cancel();
                    } catch (Exception ignored) {
                        throw new IllegalStateException(ignored);
                    }
                });
                other.start();
                Object seen = failure(d -> statement.execute("select pg_sleep(20)"), c);
                other.join();
                return List.of(seen, query(c, "select 'after'"));
            }
        });
        add(cases, "query timeout", c -> {
            try (Statement statement = c.createStatement()) {
                statement.setQueryTimeout(1);
                Object seen = failure(d -> statement.execute("select pg_sleep(20)"), c);
                return List.of(seen, query(c, "select 'after'"));
            }
        });
        add(cases, "notifications", c -> {
            execute(c, "listen here");
            execute(c, "notify here, 'payload'");
            PGConnection own = c.unwrap(PGConnection.class);
            PGNotification[] heard = own.getNotifications(5000);
            return List.of(heard.length, heard[0].getName(), heard[0].getParameter(), heard[0].getPID() == own.getBackendPID());
        });
        return cases;
    }

    /** The large object interface apart: one case more, in the modes with an argument of its own. */
    Cases largeObjects() {
        Cases cases = new Cases();
        add(cases, "large object", c -> {
            c.setAutoCommit(false);
            var manager = c.unwrap(PGConnection.class).getLargeObjectAPI();
            long id = manager.createLO();
            try (var object = manager.open(id)) {
                object.write("held apart".getBytes());
                object.seek(5);
                return new String(object.read(5));
            } finally {
                c.rollback();
            }
        });
        return cases;
    }

    public static void main(String[] arguments) {
        Jdbc jdbc = new Jdbc(arguments[0]);
        (arguments.length > 1 ? jdbc.largeObjects() : jdbc.cases()).run();
        System.exit(0);
    }
}
