-- +goose Up
-- quyết định công bố: what was published, in the order in which it was
CREATE TABLE gazette_publication (
	id        TEXT PRIMARY KEY, -- 1.004194@2026-12-01
	seq       BIGINT NOT NULL UNIQUE,
	body      TEXT NOT NULL,
	published TEXT NOT NULL
);
-- bản soạn thảo thủ tục: drafts of procedures on their way to publication
CREATE TABLE catalogue_draft (
	id        TEXT PRIMARY KEY, -- SD-0007
	n         BIGINT NOT NULL UNIQUE,
	procedure TEXT NOT NULL,
	kind      TEXT NOT NULL,
	state     TEXT NOT NULL,
	source    TEXT NOT NULL, -- from where it was imported; '' if an officer began it
	body      TEXT NOT NULL,
	trail     TEXT NOT NULL, -- who wrote, asked, approved and published
	version   BIGINT NOT NULL,
	saved     TEXT NOT NULL,
	holder    TEXT NOT NULL, -- who writes in it now
	until     TEXT NOT NULL  -- how long, unless saved again
);
CREATE INDEX catalogue_draft_state ON catalogue_draft (state, n);
CREATE INDEX catalogue_draft_procedure ON catalogue_draft (procedure);
CREATE INDEX catalogue_draft_source ON catalogue_draft (source);
