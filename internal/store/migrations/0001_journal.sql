-- The journal (sổ ghi việc): what was done, by whom, why and when, as leaves
-- of a Merkle log. Rows are added and never changed; the database refuses the
-- rest (rel-I-J4). journal_head has one row: how many entries there are, the
-- time of the last, and the hashes at the right edge of the tree.

-- +goose Up
CREATE TABLE journal_entry (
	n        BIGINT NOT NULL PRIMARY KEY,
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
CREATE INDEX journal_entry_subject ON journal_entry (subject, n);
CREATE INDEX journal_entry_officer ON journal_entry (officer, n);

CREATE TABLE journal_hash (
	i    BIGINT NOT NULL PRIMARY KEY,
	hash TEXT   NOT NULL
);

CREATE TABLE journal_head (
	one  BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
	size BIGINT NOT NULL,
	at   TEXT   NOT NULL,
	edge TEXT   NOT NULL
);
INSERT INTO journal_head (one, size, at, edge) VALUES (1, 0, '', '');

-- engine: sqlite
-- +goose StatementBegin
CREATE TRIGGER journal_entry_update BEFORE UPDATE ON journal_entry
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_entry_delete BEFORE DELETE ON journal_entry
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd
-- INSERT OR REPLACE deletes without telling the trigger above.
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
-- +goose StatementBegin
CREATE TRIGGER journal_head_update BEFORE UPDATE ON journal_head
WHEN NEW.size <> OLD.size + 1 OR NEW.at < OLD.at
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_head_delete BEFORE DELETE ON journal_head
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_head_replace BEFORE INSERT ON journal_head
WHEN EXISTS (SELECT 1 FROM journal_head)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
-- +goose StatementEnd

-- engine: postgres
-- +goose StatementBegin
CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$;
-- +goose StatementEnd
CREATE TRIGGER journal_entry_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entry
	FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse();
CREATE TRIGGER journal_hash_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_hash
	FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse();
CREATE TRIGGER journal_head_delete BEFORE DELETE OR TRUNCATE ON journal_head
	FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse();
CREATE TRIGGER journal_head_update BEFORE UPDATE ON journal_head
	FOR EACH ROW WHEN (NEW.size <> OLD.size + 1 OR NEW.at < OLD.at) EXECUTE FUNCTION journal_refuse();
-- engine: any
