package store

import (
	"context"
	"database/sql/driver"
)

// maxKept is how many prepared statements one connection keeps.
const maxKept = 512

// rawConn is what the SQLite driver's connections can do.
type rawConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// preparing is a connection that keeps the statements it has run, so that
// each text is parsed once. PostgreSQL's driver does this by itself.
type preparing struct {
	rawConn
	kept map[string]*keptStmt
}

type keptStmt struct {
	driver.Stmt
	open bool // its rows are being read
}

// Unwrap gives the driver's own connection, as it asks of wrappers.
func (c *preparing) Unwrap() driver.Conn { return c.rawConn }

// find gives the kept statement of a text, or nil if its rows are still read.
func (c *preparing) find(ctx context.Context, query string) (*keptStmt, error) {
	if s := c.kept[query]; s != nil {
		if s.open {
			return nil, nil
		}
		return s, nil
	}
	if len(c.kept) >= maxKept {
		c.forget()
	}
	raw, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &keptStmt{Stmt: raw}
	c.kept[query] = s
	return s, nil
}

func (c *preparing) forget() {
	for query, s := range c.kept {
		if !s.open {
			s.Stmt.Close()
			delete(c.kept, query)
		}
	}
}

func (c *preparing) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.find(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.rawConn.ExecContext(ctx, query, args)
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (c *preparing) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.find(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.rawConn.QueryContext(ctx, query, args)
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.open = true
	return &keptRows{rows, s}, nil
}

// Close ends the kept statements with the connection.
func (c *preparing) Close() error {
	for _, s := range c.kept {
		s.Stmt.Close()
	}
	return c.rawConn.Close()
}

type keptRows struct {
	driver.Rows
	of *keptStmt
}

func (r *keptRows) Close() error {
	r.of.open = false
	return r.Rows.Close()
}
