-- +goose Up

-- Demands for payment (yêu cầu nộp tiền), each with a reference of its own. Of a
-- fee or obligation the one with the highest nth counts.
CREATE TABLE payment_demand (
	reference  TEXT NOT NULL PRIMARY KEY,
	dossier    TEXT NOT NULL,
	item       TEXT NOT NULL, -- fee, obligation-1, obligation-2 …
	nth        BIGINT NOT NULL,
	amount     BIGINT NOT NULL,
	what       TEXT NOT NULL,
	fee_case   TEXT NOT NULL,
	kind       TEXT NOT NULL, -- of the fee rule: base, reduction
	basis      TEXT NOT NULL,
	unit       TEXT NOT NULL, -- whose account it is
	bank       TEXT NOT NULL,
	bin        TEXT NOT NULL,
	account    TEXT NOT NULL,
	holder     TEXT NOT NULL,
	made       TEXT NOT NULL,
	until      TEXT NOT NULL,
	said       TEXT NOT NULL, -- when the citizen said that it was paid
	state      TEXT NOT NULL, -- open, paid, replaced, expired, refunded
	settled_by TEXT NOT NULL, -- line/… or receipt/…
	settled    TEXT NOT NULL,
	UNIQUE (dossier, item, nth)
);
CREATE INDEX payment_demand_state ON payment_demand (state, until);
CREATE INDEX payment_demand_amount ON payment_demand (bin, account, amount, state);

-- Transactions on our accounts as banks told them. said keeps every version that
-- was told; the columns before it are what holds. The salt keeps names and
-- messages from being guessed from the hash in the journal.
CREATE TABLE payment_line (
	id          TEXT NOT NULL PRIMARY KEY, -- bank/account/number of the bank
	bin         TEXT NOT NULL,
	account     TEXT NOT NULL,
	unit        TEXT NOT NULL,
	number      TEXT NOT NULL,
	amount      BIGINT NOT NULL,
	currency    TEXT NOT NULL,
	outgoing    BOOLEAN NOT NULL,
	reverses    TEXT NOT NULL, -- id of the transaction that it takes back
	booked      TEXT NOT NULL,
	message     TEXT NOT NULL,
	payer       TEXT NOT NULL,
	salt        TEXT NOT NULL,
	reference   TEXT NOT NULL, -- the one found in the message
	said        TEXT NOT NULL,
	known       TEXT NOT NULL,
	state       TEXT NOT NULL, -- matched, exception, closed, out
	reason      TEXT NOT NULL,
	demand      TEXT NOT NULL, -- that it settles or was assigned to
	settled     BIGINT NOT NULL,
	asked       BIGINT NOT NULL, -- of a refund that waits for a second person
	refunded    BIGINT NOT NULL,
	reversed_by TEXT NOT NULL,
	decision    TEXT NOT NULL, -- assign, trust, noted
	decided_by  TEXT NOT NULL,
	decided     TEXT NOT NULL,
	note        TEXT NOT NULL
);
CREATE INDEX payment_line_reference ON payment_line (reference);
CREATE INDEX payment_line_demand ON payment_line (demand);
CREATE INDEX payment_line_reverses ON payment_line (reverses);
CREATE INDEX payment_line_state ON payment_line (state, booked);
CREATE INDEX payment_line_day ON payment_line (unit, booked);
