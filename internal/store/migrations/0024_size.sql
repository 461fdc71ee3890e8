-- +goose Up
-- The QR's token is found by the first half of its hash; the whole one stands in
-- the body.
UPDATE dossier SET token = substr(token, 1, 32);

-- Tables lie in the order of their key: one tree each instead of two. On
-- PostgreSQL a table cannot.
-- engine: sqlite
CREATE TABLE journal_entry_new (
	n        INTEGER NOT NULL PRIMARY KEY,
	at       TEXT   NOT NULL,
	officer  TEXT   NOT NULL,
	capacity TEXT   NOT NULL,
	desk     TEXT   NOT NULL,
	act      TEXT   NOT NULL,
	subject  TEXT   NOT NULL,
	reason   TEXT   NOT NULL,
	law      TEXT   NOT NULL,
	facts    TEXT   NOT NULL,
	state    TEXT   NOT NULL
);
INSERT INTO journal_entry_new SELECT n, at, officer, capacity, desk, act, subject, reason, law, facts, state FROM journal_entry ORDER BY n;
DROP TABLE journal_entry;
ALTER TABLE journal_entry_new RENAME TO journal_entry;
CREATE INDEX journal_entry_subject ON journal_entry (subject); -- and n, as any index here
CREATE INDEX journal_entry_officer ON journal_entry (officer);

CREATE TABLE journal_hash_new (
	i    INTEGER NOT NULL PRIMARY KEY,
	hash TEXT   NOT NULL
);
INSERT INTO journal_hash_new SELECT i, hash FROM journal_hash ORDER BY i;
DROP TABLE journal_hash;
ALTER TABLE journal_hash_new RENAME TO journal_hash;

-- +goose StatementBegin
CREATE TRIGGER journal_entry_update BEFORE UPDATE ON journal_entry
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_entry_delete BEFORE DELETE ON journal_entry
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_entry_replace BEFORE INSERT ON journal_entry
WHEN EXISTS (SELECT 1 FROM journal_entry WHERE n = NEW.n)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_hash_update BEFORE UPDATE ON journal_hash
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_hash_delete BEFORE DELETE ON journal_hash
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_hash_replace BEFORE INSERT ON journal_hash
WHEN EXISTS (SELECT 1 FROM journal_hash WHERE i = NEW.i)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd

CREATE TABLE dossier_slip_new (
	dossier TEXT NOT NULL REFERENCES dossier (id),
	kind    TEXT NOT NULL,
	number  TEXT NOT NULL,
	facts   TEXT NOT NULL,
	prints  BIGINT NOT NULL,
	PRIMARY KEY (dossier, kind, number)
) WITHOUT ROWID;
INSERT INTO dossier_slip_new SELECT dossier, kind, number, facts, prints FROM dossier_slip ORDER BY dossier, kind, number;
DROP TABLE dossier_slip;
ALTER TABLE dossier_slip_new RENAME TO dossier_slip;

CREATE TABLE dossier_request_new (
	officer TEXT NOT NULL,
	key     TEXT NOT NULL,
	body    TEXT NOT NULL,
	dossier TEXT NOT NULL,
	at      TEXT NOT NULL,
	PRIMARY KEY (officer, key)
) WITHOUT ROWID;
INSERT INTO dossier_request_new SELECT officer, key, body, dossier, at FROM dossier_request ORDER BY officer, key;
DROP TABLE dossier_request;
ALTER TABLE dossier_request_new RENAME TO dossier_request;
-- engine: any
