package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var modes = map[string]pgx.QueryExecMode{
	"cache statement": pgx.QueryExecModeCacheStatement,
	"cache describe":  pgx.QueryExecModeCacheDescribe,
	"describe exec":   pgx.QueryExecModeDescribeExec,
	"exec":            pgx.QueryExecModeExec,
	"simple protocol": pgx.QueryExecModeSimpleProtocol,
}

// pgFailure is the server's error, field by field.
func pgFailure(err error) string {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return fmt.Sprintf("no error of the server's: %v", err)
	}
	return fmt.Sprint([]any{said.Code, said.Severity, said.Message, said.Detail, said.Hint, said.Position, said.ConstraintName})
}

func pgxRows(rows pgx.Rows, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	seen, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		return fmt.Sprint(values), err
	})
	return seen, err
}

func pgxCases(p *program, mode string) {
	ctx := context.Background()
	with := func(name string, body func(*pgx.Conn) (any, error)) {
		p.add(name, func() (any, error) {
			config, err := pgx.ParseConfig("")
			if err != nil {
				return nil, err
			}
			config.DefaultQueryExecMode = modes[mode]
			conn, err := pgx.ConnectConfig(ctx, config)
			if err != nil {
				return nil, err
			}
			defer conn.Close(ctx)
			return body(conn)
		})
	}
	with("every type", func(c *pgx.Conn) (any, error) {
		return pgxRows(c.Query(ctx, "select a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u, v, w, z, aa, ab, ac, ad, ae from every_type order by a"))
	})
	with("parameters", func(c *pgx.Conn) (any, error) {
		when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		return pgxRows(c.Query(ctx, "select $1::int, $2::text, $3::bytea, $4::timestamptz, $5::text[], $6::jsonb, $7::float8", 7, "ü", []byte{0, 255}, when, []string{"a", "b"}, `{"a": 1}`, 1.5))
	})
	with("again and again", func(c *pgx.Conn) (any, error) {
		seen := []any{}
		for id := range 30 {
			var name string
			err := c.QueryRow(ctx, "select name from people where id = $1", id+1).Scan(&name)
			if err != nil {
				return nil, err
			}
			seen = append(seen, name)
		}
		return seen, nil
	})
	with("batch", func(c *pgx.Conn) (any, error) {
		batch := &pgx.Batch{}
		batch.Queue("create temp table batched (n int, s text)")
		if mode != "simple protocol" && mode != "exec" {
			// These describe what they send before any of it runs.
			if _, err := c.Exec(ctx, "create temp table batched (n int, s text)"); err != nil {
				return nil, err
			}
			batch = &pgx.Batch{}
		}
		for n := range 100 {
			batch.Queue("insert into batched values ($1, $2)", n, fmt.Sprint("row ", n))
		}
		batch.Queue("select count(*), max(s) from batched")
		results := c.SendBatch(ctx, batch)
		for range batch.Len() - 1 {
			if _, err := results.Exec(); err != nil {
				return nil, err
			}
		}
		seen, err := pgxRows(results.Query())
		if err != nil {
			return nil, err
		}
		return seen, results.Close()
	})
	with("batch with an error", func(c *pgx.Conn) (any, error) {
		batch := &pgx.Batch{}
		for n := range 5 {
			batch.Queue("select 10 / $1::int", 2-n)
		}
		results := c.SendBatch(ctx, batch)
		seen := []any{}
		for range 5 {
			var got int
			err := results.QueryRow().Scan(&got)
			seen = append(seen, got, err != nil)
		}
		err := results.Close()
		rows, after := pgxRows(c.Query(ctx, "select 'after'"))
		return []any{seen, pgFailure(err), rows}, after
	})
	with("copy from", func(c *pgx.Conn) (any, error) {
		if _, err := c.Exec(ctx, "create temp table copied (n int, s text)"); err != nil {
			return nil, err
		}
		count, err := c.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"n", "s"}, pgx.CopyFromSlice(5000, func(n int) ([]any, error) {
			return []any{n, fmt.Sprint("row ", n)}, nil
		}))
		if err != nil {
			return nil, err
		}
		rows, err := pgxRows(c.Query(ctx, "select count(*), max(s) from copied"))
		return []any{count, rows}, err
	})
	with("copy to", func(c *pgx.Conn) (any, error) {
		written := &bytes.Buffer{}
		tag, err := c.PgConn().CopyTo(ctx, written, "copy (select id, name, doc from people order by id) to stdout csv")
		return []any{tag.String(), written.String()}, err
	})
	with("timeout", func(c *pgx.Conn) (any, error) {
		short, stop := context.WithTimeout(ctx, 300*time.Millisecond)
		defer stop()
		_, err := c.Exec(short, "select pg_sleep(20)")
		return []any{errors.Is(err, context.DeadlineExceeded), c.IsClosed()}, nil
	})
	with("nested transactions", func(c *pgx.Conn) (any, error) {
		outer, err := c.Begin(ctx)
		if err != nil {
			return nil, err
		}
		defer outer.Rollback(ctx)
		inner, err := outer.Begin(ctx)
		if err != nil {
			return nil, err
		}
		_, failed := inner.Exec(ctx, "select 1 / 0")
		if err := inner.Rollback(ctx); err != nil {
			return nil, err
		}
		rows, err := pgxRows(outer.Query(ctx, "select 'goes on'"))
		return []any{pgFailure(failed), rows}, err
	})
	with("composites", func(c *pgx.Conn) (any, error) {
		for _, name := range []string{"mood", "spot", "_spot"} {
			kind, err := c.LoadType(ctx, name)
			if err != nil {
				return nil, err
			}
			c.TypeMap().RegisterType(kind)
		}
		return pgxRows(c.Query(ctx, "select ah, ai, ag from every_type order by a"))
	})
	with("changed result", func(c *pgx.Conn) (any, error) {
		for _, line := range []string{"create temp table changes (a int)", "insert into changes values (1)"} {
			if _, err := c.Exec(ctx, line); err != nil {
				return nil, err
			}
		}
		if _, err := pgxRows(c.Query(ctx, "select * from changes where a = $1", 1)); err != nil {
			return nil, err
		}
		if _, err := c.Exec(ctx, "alter table changes add b text default 'new'"); err != nil {
			return nil, err
		}
		first, err := pgxRows(c.Query(ctx, "select * from changes where a = $1", 1))
		second, _ := pgxRows(c.Query(ctx, "select * from changes where a = $1", 1))
		return []any{first, err != nil, second}, nil
	})
	with("errors", func(c *pgx.Conn) (any, error) {
		seen := []any{}
		for _, line := range []string{"select 1 / 0", "select * from nowhere", "insert into people (id, name) values (1, 'x')"} {
			_, err := c.Exec(ctx, line)
			seen = append(seen, pgFailure(err))
		}
		return seen, nil
	})
	with("notifications", func(c *pgx.Conn) (any, error) {
		for _, line := range []string{"listen here", "notify here, 'payload'"} {
			if _, err := c.Exec(ctx, line); err != nil {
				return nil, err
			}
		}
		short, stop := context.WithTimeout(ctx, 10*time.Second)
		defer stop()
		heard, err := c.WaitForNotification(short)
		if err != nil {
			return nil, err
		}
		return []any{heard.Channel, heard.Payload, heard.PID == c.PgConn().PID()}, nil
	})
}
