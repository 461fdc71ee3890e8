-- +goose Up
-- Files that people sent. Their bytes lie in a folder, never here; a row is
-- written only once its bytes are on the disk. An ended row keeps no name.
CREATE TABLE upload (
	id      TEXT PRIMARY KEY,
	owner   TEXT NOT NULL,
	slot    TEXT NOT NULL,
	place   BIGINT NOT NULL,
	name    TEXT NOT NULL,
	kind    TEXT NOT NULL,
	pages   BIGINT NOT NULL,
	size    BIGINT NOT NULL,
	sha256  TEXT NOT NULL,
	sent    TEXT NOT NULL,
	state   TEXT NOT NULL,
	virus   TEXT NOT NULL,
	created TEXT NOT NULL,
	ended   TEXT NOT NULL
);
CREATE UNIQUE INDEX upload_sent ON upload (owner, slot, sent) WHERE ended = '';
CREATE INDEX upload_owner ON upload (owner, slot, place) WHERE ended = '';
CREATE INDEX upload_size ON upload (size) WHERE ended = '';
CREATE INDEX upload_unscanned ON upload (id) WHERE state = 'unscanned' AND ended = '';
CREATE INDEX upload_ended ON upload (ended) WHERE ended <> '';

-- Which folder holds the bytes: its mark, so that a node with another folder
-- does not start.
CREATE TABLE upload_folder (
	mark TEXT PRIMARY KEY
);
