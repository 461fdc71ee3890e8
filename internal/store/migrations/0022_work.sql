-- +goose Up
-- Work lists look only at dossiers that are not ended, however many are: each
-- index holds those alone, with all that a list's condition asks.
DROP INDEX dossier_work;
DROP INDEX dossier_mine;
DROP INDEX dossier_asked;
CREATE INDEX dossier_holder ON dossier (holder, due_at, id, state, paused, step, assignee, risk_at) WHERE ended_at = '';
CREATE INDEX dossier_counter ON dossier (desk, due_at, id, state) WHERE ended_at = '';
CREATE INDEX dossier_mine ON dossier (assignee, due_at, id, state) WHERE ended_at = '' AND assignee <> '';
CREATE INDEX dossier_asked ON dossier (asked, due_at, id) WHERE ended_at = '' AND asked <> '';
CREATE INDEX dossier_done ON dossier (concluded_at) WHERE concluded_at <> '';
