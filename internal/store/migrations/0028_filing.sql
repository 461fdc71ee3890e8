-- +goose Up
-- what people fill in from home before it is sent; body is JSON and is emptied
-- when it became a dossier. until: erased then. resume: hash of the code by
-- which another device goes on.
CREATE TABLE filing_draft (
	id           TEXT PRIMARY KEY,
	owner        TEXT NOT NULL,
	procedure    TEXT NOT NULL,
	version      BIGINT NOT NULL,
	begun_at     TEXT NOT NULL,
	at           TEXT NOT NULL,
	until        TEXT NOT NULL,
	resume       TEXT NOT NULL,
	resume_until TEXT NOT NULL,
	dossier      TEXT NOT NULL,
	body         TEXT NOT NULL
);
CREATE INDEX filing_draft_owner ON filing_draft (owner, at);
CREATE INDEX filing_draft_until ON filing_draft (until);
CREATE INDEX filing_draft_resume ON filing_draft (resume) WHERE resume <> '';
