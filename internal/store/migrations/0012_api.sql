-- +goose Up
-- idempotency keys of acts that no room guards by itself, with the first answer
CREATE TABLE api_request (
	officer TEXT NOT NULL,
	key     TEXT NOT NULL,
	body    TEXT NOT NULL, -- hash of operation, path and body
	state   TEXT NOT NULL, -- begun, done
	answer  TEXT NOT NULL, -- without secrets; '' if it is not kept
	at      TEXT NOT NULL,
	PRIMARY KEY (officer, key)
);
CREATE INDEX api_request_at ON api_request (at);
