-- +goose Up
-- intakes put aside at a desk; forgotten after 30 days
CREATE TABLE dossier_draft (
	id      TEXT PRIMARY KEY,
	officer TEXT NOT NULL,
	desk    TEXT NOT NULL,
	at      TEXT NOT NULL,
	version BIGINT NOT NULL,
	body    TEXT NOT NULL
);
CREATE INDEX dossier_draft_officer ON dossier_draft (officer, at);
CREATE INDEX dossier_draft_at ON dossier_draft (at);
