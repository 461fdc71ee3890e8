package store

import (
	"context"
	"fmt"
	"os"
	"syscall"
)

// Vitals is what those who look after the house see of the database.
type Vitals struct {
	Engine   string // "SQLite 3.53.0"
	Bytes    int64  // of the whole database
	Ahead    int64  // bytes of SQLite's write-ahead log; 0 on PostgreSQL, which keeps its own
	Settings []Setting
	Copy     Copy
}

// Copy is what a second machine has of the database, and so what the loss of
// the first one costs (RPO).
type Copy string

const (
	NoCopy Copy = "none"  // what came after the last backup
	Later  Copy = "async" // what the standby has not received yet
	AtOnce Copy = "sync"  // nothing that was answered
)

// Setting is one on which the safety of an answered write rests.
type Setting struct{ Name, Value string }

// vital are an engine's own questions for Vitals.
type vital struct {
	engine, bytes, copy string
	settings            []Setting // Value is the question
}

func (e *lite) vital() vital {
	return vital{
		engine: "SELECT 'SQLite ' || sqlite_version()",
		bytes:  "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
		copy:   "SELECT 'none'",
		settings: []Setting{
			{"journal_mode", "PRAGMA journal_mode"}, {"synchronous", "PRAGMA synchronous"}, {"foreign_keys", "PRAGMA foreign_keys"},
		},
	}
}

func (e *postgres) vital() vital {
	return vital{
		engine: "SELECT 'PostgreSQL ' || current_setting('server_version')",
		bytes:  "SELECT pg_database_size(current_database())",
		copy: `SELECT CASE WHEN current_setting('synchronous_standby_names') <> '' THEN 'sync'
			WHEN EXISTS (SELECT 1 FROM pg_stat_replication) THEN 'async' ELSE 'none' END`,
		settings: []Setting{
			{"fsync", "SELECT current_setting('fsync')"}, {"synchronous_commit", "SELECT current_setting('synchronous_commit')"},
			{"synchronous_standby_names", "SELECT current_setting('synchronous_standby_names')"},
		},
	}
}

// Vitals asks the engine for its version, its size and the settings that
// matter.
func (db *DB) Vitals(ctx context.Context) (v Vitals, err error) {
	ask := db.engine.vital()
	err = db.Read(ctx, func(tx *Tx) error {
		v = Vitals{}
		if v.Engine, err = One(tx, word, ask.engine); err != nil {
			return err
		}
		if v.Bytes, err = One(tx, func(r Row) (n int64, err error) { return n, r.Scan(&n) }, ask.bytes); err != nil {
			return err
		}
		kept, err := One(tx, word, ask.copy)
		if err != nil {
			return err
		}
		v.Copy = Copy(kept)
		for _, s := range ask.settings {
			value, err := One(tx, word, s.Value)
			if err != nil {
				return err
			}
			v.Settings = append(v.Settings, Setting{s.Name, value})
		}
		return nil
	})
	if err != nil {
		return Vitals{}, fmt.Errorf("asking the database how it is: %w", err)
	}
	if e, ok := db.engine.(*lite); ok {
		if log, err := os.Stat(e.path + "-wal"); err == nil {
			v.Ahead = log.Size()
		}
	}
	return v, nil
}

// Disk is how much of the disk that holds a folder is free for this program,
// and how large it is, in bytes.
func Disk(folder string) (free, size int64, err error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, 0, fmt.Errorf("asking the disk of %s: %w", folder, err)
	}
	block := int64(disk.Bsize)
	return int64(disk.Bavail) * block, int64(disk.Blocks) * block, nil
}

func word(r Row) (s string, err error) { return s, r.Scan(&s) }
