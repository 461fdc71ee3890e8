-- Work for later (việc chờ): written in the transaction that wants it, gone
-- when it is done. lease is the time until which a node works on it; tries
-- counts its beginnings; failure is what the last one said.

-- +goose Up
CREATE TABLE job (
	id      TEXT   NOT NULL PRIMARY KEY,
	kind    TEXT   NOT NULL,
	args    TEXT   NOT NULL,
	made    TEXT   NOT NULL,
	due     TEXT   NOT NULL,
	lease   TEXT   NOT NULL,
	tries   BIGINT NOT NULL,
	failure TEXT   NOT NULL,
	given_up BOOLEAN NOT NULL
);
CREATE INDEX job_due ON job (kind, given_up, due, id);
