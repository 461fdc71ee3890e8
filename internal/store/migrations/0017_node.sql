-- +goose Up
-- programs that serve the province, as they last said of themselves
CREATE TABLE node (
	name    TEXT NOT NULL PRIMARY KEY,
	version TEXT NOT NULL,
	started TEXT NOT NULL,
	seen    TEXT NOT NULL,
	ended   TEXT NOT NULL -- '' while it serves
);
