-- +goose Up
-- What is at risk lies by when it came to be so: walking all that a unit still
-- has to do cost most of a work list page once it was much.
CREATE INDEX dossier_risk ON dossier (holder, risk_at, due_at, state, paused) WHERE ended_at = '' AND risk_at <> '';
-- A supplement that came in from home is told by its step.
DROP INDEX dossier_counter;
CREATE INDEX dossier_counter ON dossier (desk, due_at, id, state, step) WHERE ended_at = '';
-- What waits for its person is looked for at its holder and at its desk.
CREATE INDEX dossier_waiting ON dossier (holder, due_at, id) WHERE ended_at = '' AND state IN ('supplement', 'payment');
CREATE INDEX dossier_waiting_desk ON dossier (desk, due_at, id) WHERE ended_at = '' AND state IN ('supplement', 'payment');
