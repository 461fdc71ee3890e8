-- +goose Up

-- The last number used of each series of receipts (ký hiệu biên lai).
CREATE TABLE payment_series (
	series TEXT NOT NULL PRIMARY KEY,
	last   BIGINT NOT NULL
);

-- Cash receipts (biên lai thu phí, lệ phí). Amounts are whole đồng. The salt
-- keeps the payer's name from being guessed from the hash in the journal.
CREATE TABLE payment_receipt (
	number        TEXT NOT NULL PRIMARY KEY,
	series        TEXT NOT NULL,
	serial        BIGINT NOT NULL,
	dossier       TEXT NOT NULL,
	amount        BIGINT NOT NULL,
	basis         TEXT NOT NULL,
	fee_case      TEXT NOT NULL,
	payer         TEXT NOT NULL,
	salt          TEXT NOT NULL,
	officer       TEXT NOT NULL,
	desk          TEXT NOT NULL,
	day           TEXT NOT NULL,
	taken         TEXT NOT NULL,
	state         TEXT NOT NULL,
	cancel_reason TEXT NOT NULL,
	cancel_asked  TEXT NOT NULL,
	cancel_by     TEXT NOT NULL,
	cancel_day    TEXT NOT NULL,
	cancelled     TEXT NOT NULL,
	cancelled_by  TEXT NOT NULL,
	UNIQUE (series, serial)
);
CREATE INDEX payment_receipt_dossier ON payment_receipt (dossier, number);
CREATE INDEX payment_receipt_shift ON payment_receipt (desk, day, officer);
CREATE INDEX payment_receipt_cancel ON payment_receipt (desk, cancel_day, cancel_by);

-- End-of-day cash counts (kiểm quỹ cuối ngày); a recount is a new row.
CREATE TABLE payment_count (
	desk     TEXT NOT NULL,
	day      TEXT NOT NULL,
	officer  TEXT NOT NULL,
	nth      BIGINT NOT NULL,
	receipts BIGINT NOT NULL,
	cancels  BIGINT NOT NULL,
	counted  BIGINT NOT NULL,
	reason   TEXT NOT NULL,
	at       TEXT NOT NULL,
	PRIMARY KEY (desk, day, officer, nth)
);
