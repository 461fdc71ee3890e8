-- +goose Up

-- Money given back (hoàn trả): asked by one person, made by another.
CREATE TABLE payment_refund (
	line       TEXT NOT NULL,
	nth        BIGINT NOT NULL,
	amount     BIGINT NOT NULL,
	way        TEXT NOT NULL, -- refund, return
	payee      TEXT NOT NULL,
	salt       TEXT NOT NULL,
	same       BOOLEAN NOT NULL, -- to whoever paid
	document   TEXT NOT NULL,
	reason     TEXT NOT NULL,
	state      TEXT NOT NULL, -- asked, made, refused
	asked_by   TEXT NOT NULL,
	asked      TEXT NOT NULL,
	settled_by TEXT NOT NULL,
	settled    TEXT NOT NULL,
	PRIMARY KEY (line, nth)
);
CREATE INDEX payment_refund_state ON payment_refund (state, asked);

-- Statements that were taken in (sao kê). A statement taken in twice is one row.
CREATE TABLE payment_statement (
	id       TEXT NOT NULL PRIMARY KEY,
	bin      TEXT NOT NULL,
	account  TEXT NOT NULL,
	unit     TEXT NOT NULL,
	number   TEXT NOT NULL, -- the bank's
	format   TEXT NOT NULL, -- camt.053, csv
	balanced BOOLEAN NOT NULL, -- it told balances, and they fit
	lines    BIGINT NOT NULL,
	fresh    BIGINT NOT NULL, -- lines not known before
	came     BIGINT NOT NULL, -- đồng
	went     BIGINT NOT NULL,
	officer  TEXT NOT NULL,
	at       TEXT NOT NULL
);
CREATE INDEX payment_statement_at ON payment_statement (unit, at);
